import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentKey, tenantKey } from '../../lambdas/catalogue/keys.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { certify } from '../../shared/certificate.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { makeProof } from '../../shared/proof.ts'
import { recordOutcome } from '../../uploader/backup/record-outcome.ts'
import { agentOf, enrolAgent, enrolment, registerSource, signed, type TestAgent } from './agent.ts'
import { ok, receiverId, requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const newToken = async (expiresSeconds?: number): Promise<string> => {
  const { enrol } = ok(
    await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/enrol-tokens`, { expiresSeconds }),
  )
  return enrol.slice(enrol.indexOf('#') + 1)
}
const enrol = async (key: PrivateKey, body: object) =>
  signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', { ...enrolment(key), ...body })
const set = (key: { PK: string; SK: string }, state: string) =>
  update(receiver.ports.catalogue, { key, update: 'SET #state = :state', values: { ':state': state } })

describe('an enrolment token', () => {
  it('makes one agent; the same key asking again gets the same one, because an answer may be lost', async () => {
    const [key, token] = [await newSigningKey(), await newToken()]
    const first = ok(await enrol(key, { token }))
    expect(first).toMatchObject({ tenant: agent.tenant, receiver: receiverId, name: 'db 1' })
    expect(ok(await enrol(key, { token }))).toEqual(first)
    expect((await enrol(await newSigningKey(), { token })).body.code).toBe('token-invalid')
  })

  it('that was used in time answers its key also when it is asked again too late', async () => {
    const [key, token] = [await newSigningKey(), await newToken(60)]
    const first = ok(await enrol(key, { token }))
    receiver.clock.advance(61)
    expect(ok(await enrol(key, { token }))).toEqual(first)
    expect((await enrol(await newSigningKey(), { token })).body.code).toBe('token-invalid')
  })

  it('makes one agent also when two hosts use it at the same time', async () => {
    const token = await newToken()
    const answers = await Promise.all([1, 2, 3].map(async () => enrol(await newSigningKey(), { token })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403])
  })

  it('that expired, was made up or is for another receiver is refused alike', async () => {
    const token = await newToken(60)
    receiver.clock.advance(61)
    const answers = [
      await enrol(await newSigningKey(), { token }),
      await enrol(await newSigningKey(), { token: `${receiverId}.made-up` }),
      await enrol(await newSigningKey(), { token: `other.${(await newToken()).split('.')[1]}` }),
    ]
    for (const { body } of answers) expect(body.code).toBe('token-invalid')
  })

  it('enrols only the key that signs the request', async () => {
    const key = await newSigningKey()
    const other = publicKeyOf(await newSigningKey())
    expect((await enrol(key, { token: await newToken(), publicKey: other })).body.code).toBe('proof-invalid')
  })

  it("takes a certificate only if it is the customer key's word for this very key", async () => {
    const [key, customer] = [await newSigningKey(), await newSigningKey()]
    const customerKey = publicKeyOf(customer)
    const foreign = await certify(publicKeyOf(await newSigningKey()), customer, new Date())
    const token = await newToken()
    expect((await enrol(key, { token, customerKey, certificate: foreign })).body.code).toBe('invalid-request')
    const certificate = await certify(publicKeyOf(key), customer, new Date())
    expect((await enrol(key, { token, customerKey, certificate })).status).toBe(200)
  })
})

describe('a proof', () => {
  const target = '/v1/sources'
  const proofFor = (request: {
    method?: string
    target?: string
    body?: string
    kid?: string
    aud?: string
    at?: Date
  }) =>
    makeProof(
      {
        method: request.method ?? 'GET',
        target: request.target ?? target,
        body: new TextEncoder().encode(request.body ?? ''),
      },
      agent.key,
      request.kid ?? agent.id,
      request.aud ?? receiverId,
      request.at ?? receiver.clock.now,
    )
  const sendWith = (proof: string, method = 'GET', path = target, body?: unknown) =>
    receiver.send(requestOf(method, path, body, { authorization: `Proof ${proof}` }))

  it('is good once: a replay is refused', async () => {
    const proof = await proofFor({})
    expect((await sendWith(proof)).status).toBe(200)
    expect((await sendWith(proof)).body.code).toBe('proof-replayed')
    const both = await proofFor({})
    const answers = await Promise.all([sendWith(both), sendWith(both)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
  })

  it('is good for its method, path, query and body, its receiver and its signer only', async () => {
    const body = JSON.stringify({ engine: 'mysql' })
    const refused = await Promise.all([
      proofFor({ method: 'POST' }).then(proof => sendWith(proof)),
      proofFor({ target: '/v1/receiver' }).then(proof => sendWith(proof)),
      proofFor({ target: `${target}?x=1` }).then(proof => sendWith(proof)),
      proofFor({ method: 'PUT', target: '/v1/sources/a', body }).then(proof =>
        sendWith(proof, 'PUT', '/v1/sources/a', { engine: 'oracle' }),
      ),
      proofFor({ aud: 'another-receiver' }).then(proof => sendWith(proof)),
      proofFor({ kid: `${agent.tenant}.${newUlid()}` }).then(proof => sendWith(proof)),
      proofFor({ kid: 'no id' }).then(proof => sendWith(proof)),
      sendWith('not.a.proof'),
      receiver.send(requestOf('GET', target)),
      receiver.send(requestOf('GET', target, undefined, { authorization: 'Bearer x' })),
    ])
    for (const { status, body } of refused) expect([status, body.code]).toEqual([401, 'proof-invalid'])
    const other = await enrolAgent(receiver)
    const forged = await signed(receiver, other.key, agent.id, 'GET', target)
    expect(forged.body.code).toBe('proof-invalid')
  })

  it('of a clock that is off is refused with the time of the receiver', async () => {
    for (const seconds of [-301, 301]) {
      const at = new Date(receiver.clock.now.getTime() + seconds * 1000)
      const { body } = await sendWith(await proofFor({ at }))
      expect(body).toMatchObject({ code: 'clock-skew', receiverTime: receiver.clock.now.toISOString() })
    }
  })

  it('does not help a revoked agent or a suspended tenant', async () => {
    const other = await enrolAgent(receiver)
    await set(agentKey(other.id), 'revoked')
    expect((await other.call('GET', target)).body.code).toBe('agent-revoked')
    await set(agentKey(other.id), 'active')
    await set(tenantKey(other.tenant), 'suspended')
    expect((await other.call('GET', target)).body.code).toBe('tenant-suspended')
    expect((await other.call('GET', '/v1/restore-manifests/x')).body.code).toBe('tenant-suspended')
  })
})

describe('an agent', () => {
  const lastSeen = async () => {
    const { sources } = ok(await receiver.admin('GET', `/v1/admin/sources?tenant=${agent.tenant}`))
    return sources[0].lastSeen
  }

  it('registers a source by name, and again with the same result; names are its own', async () => {
    const source = await registerSource(agent, 'büro shop')
    expect(await registerSource(agent, 'büro shop')).toBe(source)
    const together = await Promise.all([1, 2, 3].map(() => registerSource(agent, 'new')))
    expect(new Set(together).size).toBe(1)
    const { sources } = ok(await agent.call('GET', '/v1/sources'))
    expect(sources.map((s: { name: string }) => s.name)).toEqual(['büro shop', 'new'])
    const taken = await agent.call('PUT', '/v1/sources/new', { engine: 'oracle' })
    expect(taken.body.code).toBe('name-taken')
    const other = await enrolAgent(receiver, agent.tenant)
    expect(await registerSource(other, 'new')).not.toBe(together[0])
    expect(ok(await other.call('GET', '/v1/sources')).sources).toHaveLength(1)
  })

  it('is seen, noted at most once a minute', async () => {
    await agent.call('GET', '/v1/sources')
    receiver.clock.advance(70)
    await agent.call('GET', '/v1/sources')
    const seen = receiver.clock.now.toISOString()
    receiver.clock.advance(30)
    await agent.call('GET', '/v1/sources')
    expect(await lastSeen()).toBe(seen)
  })

  it("cannot tell another's things from things that do not exist", async () => {
    const source = await registerSource(agent, 'mine')
    const neighbour = await enrolAgent(receiver, agent.tenant)
    const stranger = await enrolAgent(receiver)
    const calls = (id: string): [string, string, unknown?][] => [
      ['GET', `/v1/sources/${id}/heads`],
      ['GET', `/v1/sources/${id}/timeline`],
      ['POST', '/v1/snapshots', { source: id, lane: 'data', kind: 'full', run: newUlid(), expectedBytes: 1 }],
      ['POST', '/v1/links', { source: id, expiresSeconds: 60 }],
      ['POST', '/v1/restore-manifests', { source: id }],
      [
        'POST',
        '/v1/runs',
        { source: id, run: newUlid(), outcome: 'failed', requested: 'full', startedAt: '2026-11-22T00:00:00Z' },
      ],
    ]
    for (const other of [neighbour, stranger])
      for (const [i, call] of calls(source).entries()) {
        const theirs = await other.call(...call)
        const nobodys = await other.call(...calls(newUlid())[i]!)
        expect(theirs.body).toEqual(nobodys.body)
        expect(theirs.body.code).toBe('not-found')
      }
    expect(
      (await agentOf(receiver, agent.id, agent.tenant, agent.key).call('GET', `/v1/sources/${source}/heads`)).status,
    ).toBe(200)
  })

  it('reports its runs; a late heartbeat does not bring an ended one back', async () => {
    const source = await registerSource(agent, 'runs')
    const run = newUlid()
    const report = (outcome: string) =>
      agent.call('POST', '/v1/runs', {
        source,
        run,
        outcome,
        requested: 'full',
        startedAt: '2026-11-22T01:00:00+01:00',
      })
    for (const outcome of ['running', 'failed', 'running']) ok(await report(outcome))
    const { runs } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(runs).toMatchObject([{ run, outcome: 'failed', message: null }])
  })
})

describe('a run that has much to say is heard', () => {
  const heard = async (code: string, message: string, warnings: string[]) => {
    const source = await registerSource(agent, `heard ${newUlid()}`)
    const receiver = {
      recordRun: async (run: unknown) => void ok(await agent.call('POST', '/v1/runs', run)),
    }
    const startedAt = '2026-11-22T00:00:00Z'
    const run = { source, run: newUlid(), outcome: 'failed' as const, requested: 'full', startedAt, code, message }
    await recordOutcome(receiver, run, warnings)
    return ok(await agent.call('GET', `/v1/sources/${source}/timeline`)).runs
  }

  it('whatever script it is written in', async () => {
    const warnings = Array.from({ length: 60 }, () => '復元'.repeat(600))
    expect(await heard('staging-full', '空'.repeat(3000), warnings)).toMatchObject([{ outcome: 'failed' }])
  })

  it('whatever is cut in the middle of it', async () => {
    const long = `${'x'.repeat(999)}😀${'x'.repeat(999)}😀`
    expect(await heard('staging-full', long, [long])).toMatchObject([{ outcome: 'failed' }])
  })

  it('whatever names a file has', async () => {
    expect(await heard('staging-full', 'half\ud83d.nsf', ['\udc00half'])).toMatchObject([{ outcome: 'failed' }])
  })
})

describe('every refusal', () => {
  it('is a problem document with the path of what is wrong, and without a stack', async () => {
    const cases = [
      await agent.call('POST', '/v1/snapshots', {
        source: 'x',
        lane: 'data',
        kind: 'full',
        run: newUlid(),
        expectedBytes: 1,
      }),
      await agent.call('POST', '/v1/snapshots', undefined),
      await agent.call('POST', '/v1/snapshots', {
        source: newUlid(),
        lane: 'log',
        kind: 'full',
        run: newUlid(),
        expectedBytes: 1,
      }),
      await agent.call('GET', '/v1/sources/nonsense/heads'),
    ]
    for (const { status, headers, body, text } of cases) {
      expect([status, body.code]).toEqual([400, 'invalid-request'])
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(text).not.toMatch(/ at .*\.ts/)
    }
    expect(cases[0]!.body.detail).toMatch(/^source: /)
  })

  it('of a body that is too long or no JSON, or of an address that is none, is one too', async () => {
    expect((await agent.call('POST', '/v1/runs', { message: 'x'.repeat(70_000) })).body.code).toBe('body-too-large')
    const text = '{"engine":'
    const bytes = new TextEncoder().encode(text)
    const proof = await makeProof(
      { method: 'PUT', target: '/v1/sources/a', body: bytes },
      agent.key,
      agent.id,
      receiverId,
      receiver.clock.now,
    )
    const headers = { authorization: `Proof ${proof}`, 'content-type': 'application/json' }
    const request = new Request('https://receiver.test/v1/sources/a', { method: 'PUT', body: text, headers })
    expect((await receiver.send(request)).body.code).toBe('invalid-request')
    expect((await agent.call('GET', '/v1/nothing')).body.code).toBe('not-found')
  })

  it('is one line in the log, without a secret', async () => {
    receiver.logged.lines.length = 0
    await agent.call('GET', '/v1/sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/heads')
    expect(receiver.logged.lines).toEqual([
      {
        method: 'GET',
        route: '/v1/sources/:source/heads',
        status: 404,
        code: 'not-found',
        agent: agent.id,
        milliseconds: 0,
      },
    ])
  })

  it('is not what the unsigned question for the receiver gets', async () => {
    expect(ok(await receiver.send(requestOf('GET', '/v1/receiver')))).toEqual({
      receiver: receiverId,
      name: 'Test receiver',
      time: receiver.clock.now.toISOString(),
    })
  })
})
