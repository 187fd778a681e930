import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Certificate } from './certificates.ts'

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** A host that answers with `handler`, over TLS where it has a certificate. */
export async function startHost(
  handler: Handler,
  { tls, address = '127.0.0.1' }: { tls?: Certificate; address?: string } = {},
) {
  const server = tls ? https.createServer(tls, handler) : http.createServer(handler)
  const { port, close } = await listen(server, address)
  const name = address.includes(':') ? `[${address}]` : address
  return { port, url: `http${tls ? 's' : ''}://${name}:${port}`, [Symbol.asyncDispose]: close }
}

/** The digest of every part of these tests, and the answer of a storage that has read it. */
export const partDigest = Buffer.alloc(32, 7)
export function acknowledge(response: http.ServerResponse): void {
  response.writeHead(200, { 'x-amz-checksum-sha256': partDigest.toString('base64') }).end()
}

/** What a proxy makes of a request to it: lets it through, answers it, or says nothing more from there on. */
export type Ruling = 'pass' | 'silent' | 'silent-tunnel' | number

export interface ProxyOptions {
  /** The only user that it lets through, as `user:password`. */
  credentials?: string
  /** @param count which request this is, from 1 */
  rule?: (count: number) => Ruling
}

/** A proxy as companies have them: CONNECT for https, absolute-form for http. It notes what was asked of it. */
export async function startProxy({ credentials, rule = () => 'pass' }: ProxyOptions = {}) {
  const asked: string[] = []
  const authorised = ({ headers }: http.IncomingMessage) =>
    credentials === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`
  const rulingOn = (request: http.IncomingMessage): Ruling => {
    asked.push(`${request.method} ${request.url}`)
    const ruling = rule(asked.length)
    return ruling === 'pass' && !authorised(request) ? 407 : ruling
  }

  const server = http.createServer((request, response) => {
    const ruling = rulingOn(request)
    if (ruling === 'silent') return
    if (typeof ruling === 'number') return void response.writeHead(ruling).end()
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers
    const onward = http.request(request.url!, { method: request.method, headers })
    onward.on('response', answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.on('connect', (request: http.IncomingMessage, client: Duplex) => {
    // Only whoever reads learns that the other side has gone.
    client
      .on('error', () => {})
      .on('end', () => client.end())
      .resume()
    const ruling = rulingOn(request)
    if (ruling === 'silent') return
    if (typeof ruling === 'number') return void client.end(`HTTP/1.1 ${ruling} No\r\ncontent-length: 0\r\n\r\n`)
    if (ruling === 'silent-tunnel') return void client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    const { hostname, port } = new URL(`http://${request.url}`)
    const onward = connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(client).pipe(onward)
    })
    onward.on('error', () => client.destroy())
    client.on('close', () => onward.destroy())
  })
  const { port, open, close } = await listen(server, '127.0.0.1')
  const connections = () => open.size
  return { url: `http://127.0.0.1:${port}`, asked, connections, [Symbol.asyncDispose]: close }
}

/** A port of this machine on which nobody listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await listen(http.createServer(), '127.0.0.1')
  await close()
  return port
}

async function listen(server: http.Server | https.Server, address: string) {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, address)
  await once(server, 'listening')
  const close = async () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, open, close }
}
