import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { ReceiverResponse } from '../../shared/api/agent.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { checkProof, proofScheme } from '../../shared/proof.ts'
import { byLink, byProof, unsigned } from '../../uploader/receiver/authorisation.ts'
import { type ClientOptions, ReceiverClient } from '../../uploader/receiver/client.ts'
import { HttpReceiver } from '../../uploader/receiver/http.ts'
import { direct } from '../support/network.ts'

const good = JSON.stringify({ receiver: 'main', name: 'Main', time: '2026-11-22T12:00:00Z' })

interface Seen {
  method: string
  url: string
  headers: http.IncomingHttpHeaders
  body: Buffer
}
type Answer = (
  seen: Seen,
  count: number,
) => { status: number; body: string; headers?: Record<string, string> } | 'reset'

async function startReceiver(answer: Answer) {
  const seen: Seen[] = []
  const server = http.createServer(async (request, response) => {
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk)
    const one = { method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(body) }
    seen.push(one)
    const what = answer(one, seen.length)
    if (what === 'reset') return void response.destroy()
    response.writeHead(what.status, { 'content-type': 'application/json', ...what.headers }).end(what.body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function clientOf(url: string, change: Partial<ClientOptions> = {}) {
  return new ReceiverClient({
    url,
    authorise: unsigned,
    connections: direct.connections(8),
    signal: new AbortController().signal,
    now: () => new Date(),
    patience: 5000,
    ...change,
  })
}

const problem = (error: ProblemError) => ({ status: error.status, body: JSON.stringify(error.toDocument()) })

describe('what can be retried is retried:', () => {
  const trouble: [string, ReturnType<Answer>][] = [
    ['a reset connection', 'reset'],
    ['a gateway that fails', { status: 502, body: '{"message":"Bad gateway"}' }],
    ['a receiver that fails', problem(new ProblemError('internal'))],
    ['throttling', problem(new ProblemError('throttled'))],
    ['a proof that was seen before', problem(new ProblemError('proof-replayed'))],
  ]
  test.each(trouble)('%s', async (_what, first) => {
    await using receiver = await startReceiver((_seen, count) => (count === 1 ? first : { status: 200, body: good }))
    const answer = await clientOf(receiver.url).call('GET', '/v1/receiver', ReceiverResponse)
    expect(answer.receiver).toBe('main')
    expect(receiver.seen.length).toBe(2)
  })

  test('throttling, after as long a wait as was asked for, which is no outage', async () => {
    await using receiver = await startReceiver((_seen, count) =>
      count < 3
        ? { ...problem(new ProblemError('throttled')), headers: { 'retry-after': '1' } }
        : { status: 200, body: good },
    )
    const started = performance.now()
    await clientOf(receiver.url, { patience: 100 }).call('GET', '/v1/receiver', ReceiverResponse)
    expect(performance.now() - started).toBeGreaterThan(2000)
    expect(receiver.seen.length).toBe(3)
  })

  test('a gateway that is busy, after as long a wait as it asked for', async () => {
    await using receiver = await startReceiver((_seen, count) =>
      count === 1 ? { status: 503, body: '', headers: { 'retry-after': '2' } } : { status: 200, body: good },
    )
    const started = performance.now()
    await clientOf(receiver.url).call('GET', '/v1/receiver', ReceiverResponse)
    expect(performance.now() - started).toBeGreaterThan(2000)
    expect(receiver.seen.length).toBe(2)
  })

  test('every attempt is signed anew', async () => {
    await using receiver = await startReceiver((_seen, count) => (count === 1 ? 'reset' : { status: 200, body: good }))
    const authorise = byProof(await newSigningKey(), 'agent', 'main')
    await clientOf(receiver.url, { authorise }).call('POST', '/v1/x', ReceiverResponse, { a: 1 })
    expect(receiver.seen[0]!.headers.authorization).not.toBe(receiver.seen[1]!.headers.authorization)
  })
})

describe('what cannot be retried is not:', () => {
  test.each(['not-found', 'lane-held', 'quota-exceeded', 'agent-revoked', 'manifest-invalid'] as const)(
    '%s',
    async code => {
      const refusal = new ProblemError(code, 'because', { fix: 'do this', extra: { heldBy: 'x' } })
      await using receiver = await startReceiver(() => problem(refusal))
      const error = await clientOf(receiver.url)
        .call('GET', '/v1/x', ReceiverResponse)
        .catch(error => error)
      expect(error).toBeInstanceOf(ProblemError)
      expect(error).toMatchObject({ code, why: 'because', fix: 'do this', extra: { heldBy: 'x' } })
      expect(receiver.seen.length).toBe(1)
    },
  )

  test('an answer that is none of a receiver', async () => {
    await using receiver = await startReceiver(() => ({ status: 200, body: '<html>Log in to the Wi-Fi</html>' }))
    const error = await clientOf(receiver.url)
      .call('GET', '/v1/x', ReceiverResponse)
      .catch(error => error)
    expect(error.code).toBe('receiver-unclear')
    expect(error.line).not.toContain('html')
  })

  test('a redirect, which would carry the secrets elsewhere', async () => {
    await using other = await startReceiver(() => ({ status: 200, body: good }))
    await using receiver = await startReceiver(() => ({ status: 302, body: '', headers: { location: other.url } }))
    const authorise = byLink('secret', undefined)
    await expect(clientOf(receiver.url, { authorise }).call('GET', '/v1/x', ReceiverResponse)).rejects.toMatchObject({
      code: 'receiver-unclear',
    })
    expect(other.seen).toEqual([])
  })
})

test('a receiver that was there is waited for, but not for ever', async () => {
  await using receiver = await startReceiver((_seen, count) => (count === 1 ? { status: 200, body: good } : 'reset'))
  const client = clientOf(receiver.url, { patience: 1000 })
  await client.call('GET', '/v1/receiver', ReceiverResponse)
  const started = performance.now()
  const error = await client.call('GET', '/v1/receiver', ReceiverResponse).catch(error => error)
  expect(error).toMatchObject({ code: 'receiver-unreachable', retriable: true })
  expect(error.message).toContain(receiver.url)
  expect(receiver.seen.length).toBeGreaterThan(2)
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('an interruption ends the waiting at once', async () => {
  const interrupt = new AbortController()
  await using receiver = await startReceiver(() => 'reset')
  const call = clientOf(receiver.url, { signal: interrupt.signal, patience: 60_000 }).call(
    'GET',
    '/v1/x',
    ReceiverResponse,
  )
  setTimeout(() => interrupt.abort(), 50)
  const started = performance.now()
  await expect(call).rejects.toMatchObject({ name: 'AbortError' })
  expect(performance.now() - started).toBeLessThan(3000)
})

describe('a clock that differs', () => {
  const skewed = (receiverTime: Date) =>
    problem(new ProblemError('clock-skew', 'x', { extra: { receiverTime: receiverTime.toISOString() } }))

  test('is corrected once, and stays corrected', async () => {
    const key = await newSigningKey()
    const [here, there] = [new Date('2020-01-01T00:00:00Z'), new Date('2026-11-22T12:00:00Z')]
    const refused: string[] = []
    await using receiver = await startReceiver(() => ({ status: 200, body: good }))
    await using judge = await startReceiver(({ headers }, count) => {
      if (count === 1) return skewed(there)
      refused.push(headers.authorization!)
      return { status: 200, body: good }
    })
    const client = clientOf(judge.url, { authorise: byProof(key, 'agent', 'main'), now: () => here })
    await client.call('GET', '/v1/x?a=b', ReceiverResponse)
    await client.call('GET', '/v1/x?a=b', ReceiverResponse)
    const request = { method: 'GET', target: '/v1/x?a=b', body: new Uint8Array() }
    expect(refused.length).toBe(2)
    for (const proof of refused)
      await checkProof(proof.slice(proofScheme.length), request, publicKeyOf(key), 'main', there)
    expect(receiver.seen).toEqual([])
  })

  test('because somebody sets it, again and again, is corrected each time', async () => {
    const key = await newSigningKey()
    const there = new Date('2026-11-22T12:00:00Z')
    const hours = (count: number) => new Date(there.getTime() + count * 3_600_000)
    let here = hours(3)
    let refusals = 0
    await using judge = await startReceiver(({ headers }) => {
      const { iat } = decodeJwt(headers.authorization!.slice(proofScheme.length))
      if (Math.abs(iat! * 1000 - there.getTime()) < 60_000) return { status: 200, body: good }
      refusals += 1
      return skewed(there)
    })
    const client = clientOf(judge.url, { authorise: byProof(key, 'agent', 'main'), now: () => here })
    for (const step of [3, -7, 0, 48]) {
      here = hours(step)
      await client.call('GET', '/v1/x', ReceiverResponse)
      await client.call('GET', '/v1/x', ReceiverResponse)
    }
    expect(refusals).toBe(4)
  })

  test('that the receiver goes on complaining about is an error', async () => {
    await using receiver = await startReceiver(() => skewed(new Date()))
    await expect(clientOf(receiver.url).call('GET', '/v1/x', ReceiverResponse)).rejects.toMatchObject({
      code: 'clock-skew',
    })
    expect(receiver.seen.length).toBe(2)
  })
})

describe('the calls', () => {
  const source = '01JDB0000000000000000000AA'
  const snapshot = `${source}.01JDB0000000000000000000AB`
  const connect = (url: string, now = () => new Date()) =>
    new HttpReceiver({
      url,
      authorise: unsigned,
      connections: direct.connections(8),
      signal: new AbortController().signal,
      now,
      patience: 1000,
    })

  test('name what they mean in the path, encoded', async () => {
    await using receiver = await startReceiver(() => ({
      status: 404,
      body: JSON.stringify(new ProblemError('not-found').toDocument()),
    }))
    const to = connect(receiver.url)
    const calls = [
      () => to.registerSource('Müller & Co', { engine: 'mysql' }),
      () => to.packParts(snapshot, 3, 'a+b'),
      () => to.abort(snapshot, 'a/b'),
      () => to.timeline(source, { limit: 5, before: 'x=y' }),
      () => to.packUrls('rm', { packs: [{ snapshot, pack: 1 }] }),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'not-found' })
    expect(receiver.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /v1/sources/M%C3%BCller%20%26%20Co',
      `GET /v1/snapshots/${snapshot}/packs/3/parts?lease=a%2Bb`,
      `DELETE /v1/snapshots/${snapshot}?lease=a%2Fb`,
      `GET /v1/sources/${source}/timeline?limit=5&before=x%3Dy`,
      'POST /v1/restore-manifests/rm/urls',
    ])
  })

  test('a commit that takes long is asked for again', async () => {
    const done = {
      state: 'committed',
      receivedAt: '2026-11-22T12:00:00Z',
      lockedUntil: '2026-12-22T12:00:00Z',
      warnings: [],
    }
    await using receiver = await startReceiver((_seen, count) =>
      count === 1 ? { status: 202, body: '{"state":"committing"}' } : { status: 200, body: JSON.stringify(done) },
    )
    expect(await connect(receiver.url).commit(snapshot, 'lease', 'jws')).toEqual(done)
    expect(receiver.seen.map(({ body }) => body.toString())).toEqual(
      Array(2).fill('{"lease":"lease","manifest":"jws"}'),
    )
  })

  test('a long restore manifest is read page by page', async () => {
    const doubted = snapshot
    const page = (next: string | null, name: string) => ({
      status: 200,
      body: JSON.stringify({
        id: 'rm',
        source,
        sourceName: name,
        engine: 'mysql',
        at: null,
        of: null,
        units: null,
        doubtful: [doubted],
        expiresAt: '2026-11-22T12:00:00Z',
        snapshots: [],
        bytes: 0,
        egressCost: { amount: 0, currency: 'USD' },
        next,
      }),
    })
    await using receiver = await startReceiver((_seen, count) => page(count < 3 ? `p ${count}` : null, 'shop'))
    const whole = await connect(receiver.url).restoreManifest({ source })
    expect(whole).toMatchObject({ next: null, doubtful: [doubted, doubted, doubted] })
    expect(JSON.parse(receiver.seen[0]!.body.toString()).idempotencyKey).toMatch(/^[0-9A-Z]{26}$/)
    expect(receiver.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/restore-manifests',
      'GET /v1/restore-manifests/rm?page=p%201',
      'GET /v1/restore-manifests/rm?page=p%202',
    ])
  })
})

test('a link or passcode that no request can carry is wrong usage, and no network that is away', async () => {
  await using receiver = await startReceiver(() => ({ status: 200, body: good }))
  for (const [secret, passcode] of [
    ['abc…', undefined],
    ['abc', 'пароль'],
  ] as const) {
    const client = clientOf(receiver.url, { authorise: byLink(secret, passcode) })
    const failure = await client.call('GET', '/v1/link', ReceiverResponse).catch(error => error)
    expect(failure).toMatchObject({ code: 'address-invalid', retriable: false })
    expect(failure.line).not.toContain('abc')
  }
  expect(receiver.seen).toEqual([])
})
