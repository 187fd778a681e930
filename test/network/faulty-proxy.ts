import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The calls of a run, and the PUT of a part. */
export const calls = [
  'register',
  'heads',
  'open',
  'renew',
  'parts',
  'put',
  'packParts',
  'complete',
  'commit',
  'recordRun',
] as const
export type Call = (typeof calls)[number] | 'abort' | 'other'

function callOf({ method, url = '' }: http.IncomingMessage): Call {
  const { pathname } = new URL(url)
  if (!pathname.startsWith('/v1/')) return 'put'
  const [noun, id, verb] = pathname.slice('/v1/'.length).split('/')
  if (noun === 'runs') return 'recordRun'
  if (noun === 'sources' && id !== undefined) return method === 'PUT' ? 'register' : 'heads'
  if (noun !== 'snapshots') return 'other'
  if (id === undefined) return 'open'
  if (verb === undefined) return 'abort'
  if (verb === 'packs') return pathname.endsWith('/complete') ? 'complete' : 'packParts'
  return verb as Call
}

interface Exchange {
  request: http.IncomingMessage
  socket: Socket
  /** Has the work done, and gives the whole answer as it would stand on the wire. */
  forward(): Promise<Buffer>
  /** Takes the name of this proxy away for so many look-ups to come. */
  loseName(lookups: number): void
}

const plain = (status: string, body: string, headers = '') =>
  `HTTP/1.1 ${status}\r\n${headers}content-type: application/xml\r\ncontent-length: ${body.length}\r\n\r\n${body}`
const ofS3 = (status: string, code: string, message: string, headers?: string) =>
  plain(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`, headers)

/** What a network, a proxy or a server does to a request. */
export const faults = {
  'reset before the request': ({ socket }) => void socket.resetAndDestroy(),
  'reset in the middle of the request': async ({ request, socket }) => {
    if (Number(request.headers['content-length'] ?? 0) > 0) await once(request, 'data')
    socket.resetAndDestroy()
  },
  'reset before the answer': async ({ socket, forward }) => {
    await forward()
    socket.resetAndDestroy()
  },
  'reset after the answer': async ({ socket, forward }) => {
    socket.write(await forward(), () => setTimeout(() => socket.resetAndDestroy(), 20))
  },
  'a truncated answer': async ({ socket, forward }) => {
    const answer = await forward()
    socket.end(answer.subarray(0, Math.floor(answer.length * 0.7)))
  },
  'a stall': () => {},
  'a connection that is half open': async ({ forward }) => void (await forward()),
  '503 SlowDown': ({ socket }) => void socket.write(ofS3('503 Slow Down', 'SlowDown', 'Please', 'retry-after: 1\r\n')),
  '500': ({ socket }) => void socket.write(ofS3('500 Error', 'InternalError', 'Try again')),
  '403 expired': ({ socket }) => void socket.write(ofS3('403 Forbidden', 'AccessDenied', 'Request has expired')),
  '407': ({ socket }) => void socket.write(plain('407 Proxy Authentication Required', '')),
  garbage: ({ socket }) => void socket.end('\u0016\u0003\u0001 what is this\r\n\r\n'),
  'the page of a portal': ({ socket }) => void socket.write(plain('200 OK', '<html>Log in first</html>')),
  'a name that is lost': ({ socket, loseName }) => {
    loseName(2)
    socket.resetAndDestroy()
  },
  'a slow drip of an answer': async ({ socket, forward }) => {
    for (const byte of await forward()) {
      if (socket.destroyed) return
      socket.write(Buffer.of(byte))
      await sleep(30)
    }
  },
} satisfies Record<string, (exchange: Exchange) => void | Promise<void>>
export type Fault = keyof typeof faults

/** Which fault meets which call: its occurrences from the first on, so many times. */
export interface Plan {
  call: Call
  fault: Fault
  times: number
}

/**
 * A proxy for plain http that lets everything through but what `plans` say. It counts each call and each fault that fired, and has a name of its own,
 * which `resolve` knows: whoever uses it must look names up there.
 */
export async function startFaultyProxy(plans: Plan[]) {
  const name = `${crypto.randomUUID()}.test`
  const seen: Partial<Record<Call, number>> = {}
  const fired = plans.map(() => 0)
  let lost = 0
  const sockets = new Set<Socket>()

  const server = http.createServer(async (request, response) => {
    const call = callOf(request)
    seen[call] = (seen[call] ?? 0) + 1
    const at = plans.findIndex((plan, n) => plan.call === call && fired[n]! < plan.times)
    const { socket } = request
    socket.on('error', () => {})
    if (at >= 0) {
      fired[at]! += 1
      const loseName = (lookups: number) => {
        lost += lookups
      }
      request.on('error', () => {})
      await faults[plans[at]!.fault]({ request, socket, loseName, forward: () => raw(request) })
      return
    }
    try {
      const { status, headers, body } = await forwarded(request)
      response.writeHead(status, headers).end(body)
    } catch {
      socket.destroy() // one of both sides has gone
    }
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name,
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    seen,
    fired,
    /** Whether a look-up of its name succeeds now. */
    resolves: () => lost-- <= 0,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

const onward = new http.Agent({ keepAlive: true, maxSockets: 32 })

async function forwarded(request: http.IncomingMessage): Promise<Answer> {
  const { 'proxy-connection': _, ...headers } = request.headers
  const outgoing = http.request(request.url!, { method: request.method, headers, agent: onward })
  request.pipe(outgoing)
  const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const { connection: __, 'keep-alive': ___, ...rest } = response.headers
  return { status: response.statusCode!, headers: rest, body: Buffer.concat(chunks) }
}

async function raw(request: http.IncomingMessage): Promise<Buffer> {
  const { status, headers, body } = await forwarded(request)
  const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\n${lines.join('\r\n')}\r\n\r\n`), body])
}
