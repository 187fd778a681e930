import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { dueIn } from '../../lambdas/catalogue/by-time.ts'
import { OutboxItem } from '../../lambdas/catalogue/notices.ts'
import { collect } from '../../lambdas/catalogue/table.ts'
import { certify } from '../../shared/certificate.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { makeProof } from '../../shared/proof.ts'
import { handOver } from '../../shared/succession.ts'
import {
  agentOf,
  backUp,
  commit,
  enrolAgent,
  enrolment,
  fullEntry,
  open,
  registerSource,
  signed,
  stage,
  type TestAgent,
  upload,
} from './agent.ts'
import { ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
beforeAll(async () => {
  receiver = await startReceiver()
})
beforeEach(async () => {
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const time = new Date().toISOString()
const withKey = (key: PrivateKey) => agentOf(receiver, agent.id, agent.tenant, key)
const handover = async (newKey: PrivateKey, { from = agent.key, of = agent.id } = {}) => ({
  publicKey: publicKeyOf(newKey),
  ...(await handOver(of, from, newKey, receiver.clock.now)),
})
const rotate = async (newKey: PrivateKey, more: object = {}, by = agent) =>
  by.call('POST', '/v1/agent/key', { ...(await handover(newKey, { from: by.key })), ...more })
const audited = async () =>
  (await listAudit(receiver.ports.catalogue, agent.tenant, monthOf(receiver.clock.now.toISOString()))).map(
    ({ action, target }) => [action, target],
  )
const notices = async () => {
  const due = await collect(dueIn(receiver.ports.catalogue, OutboxItem, 'OUT', receiver.clock.now))
  return due.filter(({ tenant }) => tenant === agent.tenant).map(({ kind, subject }) => [kind, subject.id])
}

describe('a new key', () => {
  it('counts from the answer on, and the old one is refused, also with proofs that were made before', async () => {
    const key = await newSigningKey()
    const request = { method: 'GET', target: '/v1/sources', body: new Uint8Array() }
    const earlier = await makeProof(request, agent.key, agent.id, receiver.id, receiver.clock.now)
    const fingerprint = await fingerprintOf(key)
    expect(ok(await rotate(key))).toEqual({ agent: agent.id, fingerprint })
    expect((await withKey(key).call('GET', '/v1/sources')).status).toBe(200)
    expect((await agent.call('GET', '/v1/sources')).body.code).toBe('proof-invalid')
    const replayed = requestOf('GET', '/v1/sources', undefined, { authorization: `Proof ${earlier}` })
    expect((await receiver.send(replayed)).body.code).toBe('proof-invalid')
    expect((await rotate(await newSigningKey())).body.code).toBe('proof-invalid')
    expect(await audited()).toContainEqual(['key-rotated', agent.id])
    expect(await notices()).toEqual([['key-rotated', agent.id]])
  })

  it('is answered again when the answer was lost and the new key asks for the same', async () => {
    const key = await newSigningKey()
    const body = await handover(key)
    const first = ok(await agent.call('POST', '/v1/agent/key', body))
    expect(ok(await withKey(key).call('POST', '/v1/agent/key', body))).toEqual(first)
    expect((await agent.call('POST', '/v1/agent/key', body)).body.code).toBe('proof-invalid')
    expect((await audited()).filter(([action]) => action === 'key-rotated')).toHaveLength(1)
  })

  it('is one of several that are asked for at once; the others find the old key refused', async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(newSigningKey))
    const answers = await Promise.all(keys.map(key => rotate(key)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers)
      if (status !== 200) expect(['proof-invalid', 'throttled']).toContain(body.code)
    const known = await Promise.all(keys.map(async key => (await withKey(key).call('GET', '/v1/sources')).status))
    expect(known.sort()).toEqual([200, 401, 401, 401])
    expect(known.indexOf(200) >= 0 && (await agent.call('GET', '/v1/sources')).status).toBe(401)
  })

  it('must be handed over by the key of now to a key that is held, and never was this agent’s before', async () => {
    const [key, stranger] = [await newSigningKey(), await newSigningKey()]
    const other = await enrolAgent(receiver, agent.tenant)
    const good = await handover(key)
    const refused = [
      await handover(key, { from: stranger }),
      await handover(key, { of: other.id }),
      { ...good, possession: good.succession },
      { ...good, possession: (await handOver(agent.id, agent.key, stranger, receiver.clock.now)).possession },
      { ...good, publicKey: publicKeyOf(stranger) },
      { ...(await handover(agent.key)), publicKey: publicKeyOf(agent.key) },
    ]
    for (const body of refused)
      expect((await agent.call('POST', '/v1/agent/key', body)).body.code).toBe('invalid-request')
    ok(await rotate(key))
    expect((await rotate(agent.key, {}, withKey(key))).body).toMatchObject({
      code: 'invalid-request',
      detail: 'publicKey: this agent had that key before',
    })
    expect((await other.call('POST', '/v1/agent/key', good)).body.code).toBe('invalid-request')
  })

  it('may be certified at once by the customer key on record, and by no other', async () => {
    const [key, customer, thief] = [await newSigningKey(), await newSigningKey(), await newSigningKey()]
    const certification = async (of: PrivateKey, by: PrivateKey) => ({
      certificate: await certify(publicKeyOf(of), by, receiver.clock.now),
      customerKey: publicKeyOf(by),
    })
    ok(await rotate(key, { certification: await certification(key, customer) }))
    const next = await newSigningKey()
    const ask = (certification: object) => rotate(next, { certification }, withKey(key))
    expect((await ask(await certification(next, thief))).body.code).toBe('customer-key-differs')
    expect((await ask(await certification(key, customer))).body.code).toBe('invalid-request')
    const borrowed = { ...(await certification(next, thief)), customerKey: publicKeyOf(customer) }
    expect((await ask(borrowed)).body.code).toBe('invalid-request')
    expect(await audited()).toContainEqual(['certificate-refused', agent.id])
    ok(await ask(await certification(next, customer)))
    const { agents } = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${agent.tenant}`))
    expect(agents).toMatchObject([{ rotations: 2, certified: true, fingerprint: await fingerprintOf(next) }])
  })

  it('goes with its line of descent into each snapshot; one of before keeps the key of then', async () => {
    const source = await registerSource(agent)
    const first = await backUp(agent, source, 'full', [fullEntry('a', 1, time)])
    const key = await newSigningKey()
    const body = await handover(key)
    ok(await agent.call('POST', '/v1/agent/key', body))
    const second = await backUp(withKey(key), source, 'full', [fullEntry('a', 2, time)])
    const entryOf = async (snapshot: string) =>
      ok(await withKey(key).call('POST', '/v1/restore-manifests', { source, snapshot })).snapshots[0]
    expect(await entryOf(first.snapshot)).toMatchObject({ agentKey: publicKeyOf(agent.key), succession: [] })
    expect(await entryOf(second.snapshot)).toMatchObject({
      agentKey: publicKeyOf(key),
      succession: [body.succession],
    })
  })

  it('may bring the manifest that a run had signed with the key before; a stranger’s is refused', async () => {
    const source = await registerSource(agent)
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 1, time)])
    await upload(agent, staged)
    const key = await newSigningKey()
    ok(await rotate(key))
    expect((await commit(agent, staged)).body.code).toBe('proof-invalid')
    ok(await commit(withKey(key), staged))
    const [entry] = ok(await withKey(key).call('POST', '/v1/restore-manifests', { source })).snapshots
    expect(entry).toMatchObject({ agentKey: publicKeyOf(agent.key), succession: [] })

    const options = { key: await newSigningKey() }
    const foreign = await stage(withKey(key), await open(withKey(key), source), [fullEntry('a', 2, time)], options)
    await upload(withKey(key), foreign)
    expect((await commit(withKey(key), foreign)).body.code).toBe('manifest-invalid')
  })
})

describe('the certificate', () => {
  const put = async (customer: PrivateKey, of: PrivateKey = agent.key) =>
    agent.call('PUT', '/v1/agent/certificate', {
      certificate: await certify(publicKeyOf(of), customer, receiver.clock.now),
      customerKey: publicKeyOf(customer),
    })

  it('of an agent that has none records the customer key, and goes with every snapshot from then on', async () => {
    const customer = await newSigningKey()
    const source = await registerSource(agent)
    expect(ok(await put(customer))).toEqual({ agent: agent.id, fingerprint: await fingerprintOf(agent.key) })
    ok(await put(customer))
    await backUp(agent, source, 'full', [fullEntry('a', 1, time)])
    const [entry] = ok(await agent.call('POST', '/v1/restore-manifests', { source })).snapshots
    expect(entry.certificate).toMatch(/^ey/)
    // the same second certificate is no new act: Ed25519 signs the same alike
    expect((await audited()).filter(([action]) => action === 'agent-certified')).toHaveLength(1)
  })

  it('of another customer key is refused, and the audit says so: whoever took the host over must not be believed', async () => {
    const [customer, thief] = [await newSigningKey(), await newSigningKey()]
    ok(await put(customer))
    const refused = await put(thief)
    expect(refused.body).toMatchObject({ code: 'customer-key-differs', fix: expect.stringContaining('recovery kit') })
    expect(refused.body.detail).toContain(await fingerprintOf(customer))
    expect(await audited()).toContainEqual(['certificate-refused', agent.id])
    expect((await put(customer, thief)).body.code).toBe('invalid-request')
    const { agents } = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${agent.tenant}`))
    expect(agents[0]).toMatchObject({ certified: true, customerFingerprint: await fingerprintOf(customer) })
  })

  it('without the customer key that signed it cannot be checked, and enrols nobody', async () => {
    const { enrol } = ok(await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/enrol-tokens`, {}))
    const key = await newSigningKey()
    const certificate = await certify(publicKeyOf(key), await newSigningKey(), receiver.clock.now)
    const body = { ...enrolment(key), token: enrol.split('#')[1], certificate }
    const answer = await signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', body)
    expect(answer.body.code).toBe('invalid-request')
  })
})
