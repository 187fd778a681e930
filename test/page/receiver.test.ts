import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { asOpeningError } from '../../lambdas/restore-page/app/opening/as-opening-error.ts'
import { LinkReceiver } from '../../lambdas/restore-page/app/opening/receiver.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Made, makeSnapshot, newKeys, now } from '../restore/support.ts'

let made: Made
let server: http.Server
let origin: string
/** Each answers one request. */
let answers: ((
  request: http.IncomingMessage,
) => { status?: number; body: unknown; headers?: Record<string, string> } | 'reset')[]
let requests: { line: string; headers: http.IncomingHttpHeaders; body: string }[]
let waits: number[]
beforeAll(async () => {
  made = await makeSnapshot(await newKeys(), { files: { a: Buffer.from('x') } })
  server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const { method, url, headers } = request
    requests.push({ line: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString() })
    const answer = answers.shift()!(request)
    if (answer === 'reset') return void request.socket.destroy()
    response.writeHead(answer.status ?? 200, answer.headers).end(JSON.stringify(answer.body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(() => {
  requests = []
  waits = []
})

const receiver = (passcode?: string) =>
  new LinkReceiver({
    origin,
    secret: 'S3CRET',
    passcode,
    signal: new AbortController().signal,
    sleep: async milliseconds => void waits.push(milliseconds),
  })
const page = (next: string | null) => ({
  body: {
    id: 'rm/1',
    source: made.manifest.source,
    sourceName: 'shop',
    engine: 'mysql',
    at: null,
    of: null,
    units: null,
    expiresAt: now.toISOString(),
    doubtful: [],
    snapshots: [made.entry],
    bytes: 1,
    egressCost: { amount: 0, currency: 'USD' },
    next,
  },
})
const request = () => ({ source: made.manifest.source, idempotencyKey: '0123456789abcdef' })
const problem = (code: 'internal' | 'link-invalid' | 'passcode-wrong' | 'not-restorable') => () => {
  const document = new ProblemError(code).toDocument()
  return { status: document.status, body: document }
}

test('all pages are fetched, with the secret and the passcode in headers alone', async () => {
  answers = [() => page('p 2'), () => page(null)]
  const { snapshots, next } = await receiver('1234').restoreManifest(request())
  expect([snapshots.length, next]).toEqual([2, null])
  expect(requests.map(({ line }) => line)).toEqual([
    'POST /v1/restore-manifests',
    'GET /v1/restore-manifests/rm%2F1?page=p%202',
  ])
  for (const { headers } of requests)
    expect(headers).toMatchObject({ authorization: 'Bearer S3CRET', 'x-failsafe-passcode': '1234' })
})

test('a receiver that is away is asked the very same again, later each time', async () => {
  answers = [() => 'reset', problem('internal'), () => ({ status: 502, body: '' }), () => page(null)]
  await receiver().restoreManifest(request())
  expect(waits).toEqual([1000, 2000, 4000])
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
})

test('or when it says itself', async () => {
  answers = [
    () => ({ status: 429, body: new ProblemError('throttled').toDocument(), headers: { 'retry-after': '20' } }),
    () => page(null),
  ]
  await receiver().restoreManifest(request())
  expect(waits).toEqual([20_000])
})

test('and given up after a while', async () => {
  answers = Array(10).fill(() => 'reset')
  const error = await receiver().restoreManifest(request()).catch(asOpeningError)
  expect(error).toMatchObject({ code: 'network' })
  expect(requests.length).toBe(6)
})

test.each(['link-invalid', 'passcode-wrong', 'not-restorable'] as const)('%s is not asked again', async code => {
  answers = [problem(code)]
  expect(await receiver().restoreManifest(request()).catch(asOpeningError)).toMatchObject({ code })
  expect(requests.length).toBe(1)
})

test('an answer that is none of a receiver is refused', async () => {
  answers = [() => ({ body: { hello: 'world' } })]
  expect(await receiver().restoreManifest(request()).catch(asOpeningError)).toMatchObject({ code: 'refused' })
})
