import fc from 'fast-check'
import { CompactSign, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, sign } from '../../shared/jws.ts'
import { problems } from '../../shared/problem.ts'
import { makeProof } from '../../shared/proof.ts'
import { enrolAgent, enrolment, fullEntry, open, registerSource, stage, type TestAgent } from '../receiver/agent.ts'
import { type Answer, ok, requestOf, startReceiver, type TestReceiver } from '../receiver/support.ts'
import { seed, times } from '../support/counts.ts'
import { exampleOf } from './examples.ts'
import { hostileString, hostileValue, mutated } from './hostile.ts'
import { belongings, type Names } from './names.ts'
import { probes } from './probes.ts'

let receiver: TestReceiver
let agent: TestAgent
let own: Names
beforeAll(async () => {
  receiver = await startReceiver({ REQUESTS_PER_MINUTE: 1_000_000_000 })
  agent = await enrolAgent(receiver)
  own = await belongings(receiver, agent, 'mine')
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const runs = { seed, numRuns: times(300), endOnFailure: true }
const base = 'https://receiver.test'

interface Sent {
  method: string
  target: string
  body?: Uint8Array | string | undefined
  headers?: Record<string, string>
}

/** Signed over exactly what is sent. */
async function send({ method, target, body, headers = {} }: Sent, who: 'agent' | 'link' = 'agent'): Promise<Answer> {
  const url = new URL(base + target)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array())
  const request = { method, target: url.pathname + url.search, body: bytes }
  const authorization =
    who === 'link'
      ? `Bearer ${own.link}`
      : `Proof ${await makeProof(request, agent.key, agent.id, receiver.id, receiver.clock.now)}`
  return receiver.send(
    new Request(url, {
      method,
      headers: { 'content-type': 'application/json', authorization, ...headers },
      ...(bytes.length > 0 ? { body: new Uint8Array(bytes) } : {}),
    }),
  )
}

/** A proper answer, or a problem document with a 4xx that tells nothing of the inside. */
function wellBehaved({ status, body, text, headers }: Answer): void {
  const failure = receiver.logged.failures.at(-1)
  if (status >= 500) throw new Error(`${status} ${text}`, { cause: failure })
  expect(status).toBeGreaterThanOrEqual(200)
  expect(status < 300 || status >= 400, String(status)).toBe(true)
  expect(receiver.logged.failures).toEqual([])
  if (status < 400) return
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(Object.keys(problems)).toContain(body.code)
  expect(body.status).toBe(status)
  expect(text).not.toMatch(/\bat .*\.[jt]s\b|node_modules|dynamodb|amazonaws|catalogue table|ECONN/i)
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as {
  paths: Record<string, Record<string, { parameters?: any[]; requestBody?: any }>>
}
const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    call: `${method.toUpperCase()} ${path}`,
    path,
    ...operation,
  })),
)
const ofProvider = (call: string) => / \/v1\/(admin|console)/.test(call)

/** Own ids under the names that parameters and fields have. */
const named = (): Record<string, unknown> => ({
  source: own.source,
  snapshot: own.open,
  manifest: own.restoreManifest,
  lease: own.lease,
  tenant: own.tenant,
  agent: own.agent,
  run: own.run,
  pack: 1,
  name: 'mine',
})

function targetOf({ path, parameters = [] }: (typeof calls)[number], values: Record<string, unknown>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(
      String((path.includes('/links/') && values[name] === 'mine' ? own.linkName : values[name]) ?? 'x').toWellFormed(),
    ),
  )
  const query = parameters
    .filter(each => each.in === 'query')
    .map(({ name, schema }) => [name, String(values[name] ?? exampleOf(schema, {}, name)).toWellFormed()])
  return query.length > 0 ? `${filled}?${new URLSearchParams(query)}` : filled
}

/** Bodies that the call takes: from its schema, and those of the attacks with one's own names. */
function bodiesOf({ call, requestBody }: (typeof calls)[number]): unknown[] {
  const schema = requestBody?.content['application/json'].schema
  if (!schema) return []
  const others = probes[call]?.(own, own).map(({ body }) => body) ?? []
  return [exampleOf(schema, { snapshot: own.snapshot, ...(ofProvider(call) ? {} : named()) }), ...others]
}

/** The open snapshot and the link may be gone after a lucky request. */
async function reopen(): Promise<void> {
  const opened = await open(agent, await registerSource(agent, `s${newUlid()}`))
  const link = ok(await agent.call('POST', '/v1/links', { source: own.source, expiresSeconds: 3600 }))
  Object.assign(own, { link: link.url.slice(link.url.indexOf('#') + 1), linkName: link.name })
  Object.assign(own, { open: opened.snapshot, lease: opened.lease.token, run: opened.run })
}

describe.each(calls.filter(({ call }) => !ofProvider(call)))('$call', operation => {
  const method = operation.call.split(' ')[0]!

  it('takes a body with one field made wrong for what it is', async () => {
    await reopen()
    const bodies = bodiesOf(operation)
    if (bodies.length === 0) bodies.push({ a: 1 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies).chain(mutated),
        fc.constantFrom('agent', 'agent', 'link') as fc.Arbitrary<'agent' | 'link'>,
        async (body, who) => {
          const text = method === 'GET' ? undefined : JSON.stringify(body)
          wellBehaved(await send({ method, target: targetOf(operation, named()), body: text }, who))
        },
      ),
      runs,
    )
  })

  it('takes hostile ids, names and questions for what they are', async () => {
    await reopen()
    const [valid] = bodiesOf(operation)
    const body = valid === undefined ? undefined : JSON.stringify(valid)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(named()), 'limit', 'before', 'page'),
        hostileString,
        fc.array(fc.tuple(hostileString, hostileString), { maxLength: 3 }),
        async (name, value, more) => {
          const target = new URL(base + targetOf(operation, { ...named(), [name]: value.slice(0, 3000) }))
          for (const [key, text] of more)
            target.searchParams.append(key.toWellFormed().slice(0, 500), text.toWellFormed().slice(0, 500))
          if (more.length === 2) target.searchParams.append(name, value.toWellFormed().slice(0, 500))
          wellBehaved(
            await send({ method, target: target.pathname + target.search, body: method === 'GET' ? undefined : body }),
          )
        },
      ),
      runs,
    )
  })
})

describe('a body that is none', () => {
  const target = () => '/v1/runs'
  const valid = () =>
    JSON.stringify({
      source: own.source,
      run: newUlid(),
      outcome: 'failed',
      requested: 'full',
      startedAt: '2026-11-22T00:00:00Z',
    })
  const utf8 = (text: string) => new TextEncoder().encode(text)
  const cases: [string, () => Uint8Array | string, Record<string, string>?][] = [
    ['nothing', () => ''],
    ['half of one', () => valid().slice(0, -7)],
    ['two of them', () => valid() + valid()],
    ['not UTF-8', () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['overlong UTF-8', () => new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ['UTF-16', () => Buffer.from(valid(), 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }],
    ['said to be compressed', () => valid(), { 'content-encoding': 'gzip' }],
    ['with a byte order mark', () => `\ufeff${valid()}`],
    ['a number', () => '12'],
    ['NaN', () => '{"source": NaN}'],
    ['Infinity', () => '{"expectedBytes": 1e999}'],
    ['deep', () => `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['deep and open', () => '{"a":'.repeat(10_000)],
    ['with a key twice', () => valid().replace('{', '{"outcome":"nonsense",')],
    ['with __proto__', () => valid().replace('{', '{"__proto__":{"outcome":"failed"},')],
    ['a form', () => 'source=x&run=y', { 'content-type': 'application/x-www-form-urlencoded' }],
    [
      'multipart',
      () => '--x\r\ncontent-disposition: form-data; name="source"\r\n\r\ny\r\n--x--',
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
    ['multipart without a boundary', () => 'x', { 'content-type': 'multipart/form-data' }],
    ['text', () => valid(), { 'content-type': 'text/plain' }],
    [
      'XML',
      () => '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      { 'content-type': 'application/xml' },
    ],
    ['of a type with nonsense', () => valid(), { 'content-type': 'application/json; =;;"' }],
    ['of no type', () => valid(), { 'content-type': '' }],
    ['of 65 KB', () => utf8(`"${'x'.repeat(65 * 1024)}"`)],
    ['of 9 MB', () => new Uint8Array(9 * 1024 * 1024).fill(0x20)],
    ['said to be shorter than it is', () => `${valid()}${' '.repeat(100_000)}`, { 'content-length': '5' }],
  ]
  it.each(cases)('%s', async (_name, body, headers) => {
    wellBehaved(await send({ method: 'POST', target: target(), body: body(), ...(headers ? { headers } : {}) }))
  })

  it('with half a character is refused, and with a whole one or with what only looks like half of one it is not', async () => {
    const report = (message: string) =>
      send({ method: 'POST', target: target(), body: valid().replace('}', `,"message":"${message}"}`) })
    for (const half of [
      '\\ud800',
      '\\uDC00',
      'a\\ud800\\n\\udc00',
      '\\ud800x\\udc00',
      '\\udc00\\ud800',
      '\\\\\\ud83d',
      '\\ud83d\\ud83d\\ude00',
    ])
      expect((await report(half)).body, half).toMatchObject({
        code: 'invalid-request',
        detail: expect.stringContaining('half'),
      })
    for (const whole of [
      '\\ud83d\\ude00',
      '\\uD83D\\uDE00\\ud83d\\ude00',
      'C:\\\\ud800',
      '\\\\\\\\udc00',
      '\\u00e9',
      '😀',
    ])
      expect((await report(whole)).status, whole).toBe(200)
  })

  it('of 200 MB does not stay in memory', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024 * 1024
        if (sent > 200 * 1024 * 1024) controller.close()
        else controller.enqueue(new Uint8Array(1024 * 1024))
      },
    })
    const headers = { authorization: `Bearer ${own.link}`, 'content-type': 'application/json' }
    const request = new Request(`${base}/v1/restore-manifests`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers,
    } as RequestInit)
    const answer = await receiver.send(request)
    wellBehaved(answer)
    expect(answer.body.code).toBe('body-too-large')
    expect(sent).toBeLessThan(20 * 1024 * 1024)
  })
})

describe('a header that is none', () => {
  it('is refused as a proof, a link or a passcode, whatever it holds', async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)),
      maxLength: 300,
    })
    const base64 = fc.string({ maxLength: 200 }).map(text => Buffer.from(text).toString('base64url'))
    const jwt = fc
      .tuple(hostileValue, hostileValue, base64)
      .map(parts =>
        parts
          .map(part =>
            typeof part === 'string' ? part : Buffer.from(JSON.stringify(part)).toString('base64url').slice(0, 5000),
          )
          .join('.'),
      )
    const authorization = fc.oneof(
      printable,
      printable.map(text => `Proof ${text}`),
      printable.map(text => `Bearer ${text}`),
      base64.map(text => `Proof ${text}.${text}.${text}`),
      jwt.map(text => `Proof ${text}`.replace(/[^\x20-\xff]/g, '?')),
    )
    const open = ['GET /r', 'GET /console', 'GET /v1/receiver']
    const targets = calls.filter(({ call }) => !ofProvider(call) && !open.includes(call))
    await fc.assert(
      fc.asyncProperty(authorization, printable, fc.constantFrom(...targets), async (header, passcode, operation) => {
        const method = operation.call.split(' ')[0]!
        const [valid] = bodiesOf(operation)
        const headers = {
          authorization: header,
          'x-failsafe-passcode': passcode,
          'x-forwarded-for': passcode,
          'content-type': 'application/json',
        }
        const body = method === 'GET' || method === 'DELETE' ? null : JSON.stringify(valid ?? {})
        const answer = await receiver.send(new Request(base + targetOf(operation, named()), { method, headers, body }))
        wellBehaved(answer)
        expect(answer.status).toBeGreaterThanOrEqual(400)
      }),
      { ...runs, numRuns: times(5000) },
    )
  })

  it('is refused as a proof with any claim made wrong', async () => {
    const target = '/v1/sources'
    const good = await makeProof(
      { method: 'GET', target, body: new Uint8Array() },
      agent.key,
      agent.id,
      receiver.id,
      receiver.clock.now,
    )
    const [header, payload] = good
      .split('.')
      .slice(0, 2)
      .map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
    const { compactSignOf } = await signer()
    await fc.assert(
      fc.asyncProperty(mutated(payload), async claims => {
        const proof = await compactSignOf(header, JSON.stringify(claims) ?? 'undefined')
        wellBehaved(await receiver.send(new Request(base + target, { headers: { authorization: `Proof ${proof}` } })))
      }),
      { ...runs, numRuns: times(2000) },
    )
  })

  async function signer() {
    const key = await importJWK(agent.key, 'EdDSA')
    return {
      compactSignOf: (header: any, payload: string) =>
        new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(header).sign(key),
    }
  }
})

describe('a manifest', () => {
  it('with anything in it made wrong is refused', async () => {
    const opened = await open(agent, await registerSource(agent, 'manifests'))
    const staged = await stage(agent, opened, [fullEntry('a', 1, '2026-11-22T14:00:00Z')])
    await fc.assert(
      fc.asyncProperty(mutated(staged.manifest), async manifest => {
        const jws = await sign('failsafe.manifest/1', manifest as object, agent.key)
        const body = JSON.stringify({ lease: staged.lease, manifest: jws })
        const answer = await send({ method: 'POST', target: `/v1/snapshots/${staged.snapshot}/commit`, body })
        wellBehaved(answer)
        expect(answer.status).toBeGreaterThanOrEqual(400)
      }),
      { ...runs, numRuns: times(2000) },
    )
  })
})

describe('an enrolment', () => {
  it('with anything made wrong is refused, or makes an agent whose name can be shown', async () => {
    const key = await newSigningKey()
    const kid = await fingerprintOf(key)
    const body = { ...enrolment(key), token: `${receiver.id}.made-up` }
    await fc.assert(
      fc.asyncProperty(mutated(body), async changed => {
        const text = JSON.stringify(changed) ?? ''
        const bytes = new TextEncoder().encode(text)
        const target = '/v1/enrolments'
        const proof = await makeProof(
          { method: 'POST', target, body: bytes },
          key,
          kid,
          receiver.id,
          receiver.clock.now,
        )
        const headers = { authorization: `Proof ${proof}`, 'content-type': 'application/json' }
        wellBehaved(await receiver.send(new Request(base + target, { method: 'POST', headers, body: bytes })))
      }),
      { ...runs, numRuns: times(2000) },
    )
  })
})

async function openConsole(): Promise<TestReceiver['admin']> {
  const { url } = ok(await receiver.admin('POST', '/v1/admin/consoles', {}))
  const authorization = `Bearer ${url.split('#')[1]}`
  return (method, target, body) => receiver.send(requestOf(method, target, body, { authorization }))
}

/** Last: what the provider may do includes suspending and revoking. */
describe.each(calls.filter(({ call }) => ofProvider(call)))('$call', operation => {
  it('takes hostile fields, ids and questions for what they are', async () => {
    const method = operation.call.split(' ')[0]!
    const tenant = `f${newUlid().toLowerCase()}`
    ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant, name: tenant }))
    const bodies = bodiesOf(operation)
    const hasBody = bodies.length > 0 && method !== 'GET'
    const send = operation.path.startsWith('/v1/console') ? await openConsole() : receiver.admin
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(hasBody ? bodies : [{}])).chain(mutated),
        fc.constantFrom('tenant', 'source', 'agent', 'month', 'none', 'none', 'none'),
        hostileString,
        async (body, name, value) => {
          const values = { ...named(), tenant, ...(name === 'none' ? {} : { [name]: value.slice(0, 3000) }) }
          const target = targetOf(operation, values)
          wellBehaved(await send(method, target, hasBody ? body : undefined))
        },
      ),
      runs,
    )
  })
})
