import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { findLane } from '../../lambdas/catalogue/leases.ts'
import { findSnapshot } from '../../lambdas/catalogue/snapshots.ts'
import { carryOn } from '../../lambdas/commit/commit.ts'
import { commitVault } from '../../lambdas/commit/commit-vault.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
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
  windowOf,
} from './agent.ts'
import { Death } from './faults.ts'
import { bucket, credentials, ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const time = new Date().toISOString()
const replace = (old: TestAgent) => enrolAgent(receiver, old.tenant, { replaces: old.id })
const tokenFor = (tenant: string, replaces: string) =>
  receiver.admin('POST', `/v1/admin/tenants/${tenant}/enrol-tokens`, { replaces })
const revoke = (agent: TestAgent, reason?: string) =>
  receiver.admin('POST', `/v1/admin/agents/${agent.id}/revoke`, { ...(reason && { reason }) })
const acts = async (tenant: string) =>
  (await listAudit(receiver.ports.catalogue, tenant, monthOf(receiver.clock.now.toISOString()))).map(
    ({ action, target, actor }) => [action, target, actor],
  )
const snapshotsOf = async (agent: TestAgent, source: string): Promise<string[]> =>
  ok(await agent.call('GET', `/v1/sources/${source}/timeline`)).snapshots.map((s: { snapshot: string }) => s.snapshot)

describe('a host that is rebuilt', () => {
  it('goes on where the old one was: its sources, snapshots and positions; and so does the one after that', async () => {
    const first = await enrolAgent(receiver)
    const source = await registerSource(first, 'shop')
    const full = await backUp(first, source, 'full', [fullEntry('a', 10, time)])

    const second = await replace(first)
    expect((await first.call('GET', '/v1/sources')).body).toMatchObject({
      code: 'agent-revoked',
      detail: `agent ${second.id} took its place`,
    })
    expect(ok(await second.call('GET', '/v1/sources')).sources).toMatchObject([{ source, name: 'shop' }])
    expect(await registerSource(second, 'shop')).toBe(source)
    expect(ok(await second.call('GET', `/v1/sources/${source}/heads`)).data.snapshot).toBe(full.snapshot)
    expect(await snapshotsOf(second, source)).toEqual([full.snapshot])
    const [entry] = ok(await second.call('POST', '/v1/restore-manifests', { source })).snapshots
    expect(entry).toMatchObject({ agent: first.id, agentKey: publicKeyOf(first.key) })
    const again = await backUp(second, source, 'full', [fullEntry('a', 20, time)])

    const third = await replace(second)
    expect((await second.call('GET', '/v1/sources')).body.code).toBe('agent-revoked')
    expect(await registerSource(third, 'shop')).toBe(source)
    expect(await snapshotsOf(third, source)).toEqual([again.snapshot, full.snapshot])
    const last = await backUp(third, source, 'full', [fullEntry('a', 30, time)])
    expect(
      ok(await third.call('POST', '/v1/restore-manifests', { source, snapshot: full.snapshot })).snapshots,
    ).toMatchObject([{ snapshot: full.snapshot, agent: first.id }])
    ok(
      await third.call('POST', `/v1/snapshots/${full.snapshot}/proofs`, {
        method: 'verify',
        level: 'stored',
        outcome: 'passed',
      }),
    )
    expect(await snapshotsOf(third, source)).toHaveLength(3)
    expect((await snapshotsOf(third, source))[0]).toBe(last.snapshot)

    const { sources } = ok(await receiver.admin('GET', `/v1/admin/sources?tenant=${first.tenant}`))
    expect(sources).toMatchObject([{ source, agent: third.id }])
    const { agents } = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${first.tenant}`))
    expect(agents).toMatchObject([
      { agent: first.id, state: 'revoked', replacedBy: second.id, predecessors: [] },
      { agent: second.id, state: 'revoked', replacedBy: third.id, predecessors: [first.id] },
      { agent: third.id, state: 'active', replacedBy: null, predecessors: [second.id, first.id] },
    ])
    expect(await acts(first.tenant)).toContainEqual(['agent-replaced', second.id, `agent:${third.id}`])
  })

  it('finds the lanes free at once, and the old host cannot come between', async () => {
    const old = await enrolAgent(receiver)
    const source = await registerSource(old)
    const staged = await stage(old, await open(old, source), [fullEntry('a', 1, time)])
    await upload(old, staged)
    const next = await replace(old)
    expect((await findLane(receiver.ports.catalogue, source, 'data')).lease?.released).toBe(true)
    const opened = await open(next, source)
    const before = [
      await commit(old, staged),
      await old.call('POST', `/v1/snapshots/${staged.snapshot}/renew`, { lease: staged.lease }),
      await old.call('POST', `/v1/snapshots/${staged.snapshot}/parts`, {
        lease: staged.lease,
        parts: windowOf(staged.parts),
      }),
      await old.call('DELETE', `/v1/snapshots/${staged.snapshot}?lease=${staged.lease}`),
    ]
    for (const { body } of before) expect(body.code).toBe('agent-revoked')
    // a copy of the old host's staging gives its successor nothing to commit either
    expect((await commit(next, staged)).body.code).toBe('lease-stale')
    const own = await stage(next, opened, [fullEntry('a', 2, time)])
    await upload(next, own)
    ok(await commit(next, own))
  })

  it('has names of its own beside the old ones; a neighbour has neither', async () => {
    const old = await enrolAgent(receiver)
    const neighbour = await enrolAgent(receiver, old.tenant)
    const shop = await registerSource(old, 'shop')
    const next = await replace(old)
    const crm = await registerSource(next, 'crm')
    expect((await next.call('PUT', '/v1/sources/shop', { engine: 'oracle' })).body.code).toBe('name-taken')
    const { sources } = ok(await next.call('GET', '/v1/sources'))
    expect(sources.map(({ source }: { source: string }) => source).sort()).toEqual([shop, crm].sort())
    expect(await registerSource(neighbour, 'shop')).not.toBe(shop)
    expect((await neighbour.call('GET', `/v1/sources/${shop}/heads`)).body.code).toBe('not-found')
  })
})

describe('a token that replaces', () => {
  it('is for an agent of the same tenant, which was not replaced before; being revoked is no obstacle', async () => {
    const [old, stranger] = [await enrolAgent(receiver), await enrolAgent(receiver)]
    for (const id of [stranger.id, `${old.tenant}.${newUlid()}`])
      expect((await tokenFor(old.tenant, id)).body.code).toBe('not-found')
    ok(await revoke(old))
    const next = await replace(old)
    expect((await tokenFor(old.tenant, old.id)).body).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining(next.id),
      fix: expect.stringContaining(next.id),
    })
  })

  it('works once for the agent, also where two tokens are out, and is not spent by who comes too late', async () => {
    const old = await enrolAgent(receiver)
    const tokens = await Promise.all(
      [1, 2, 3].map(async () => ok(await tokenFor(old.tenant, old.id)).enrol.split('#')[1]),
    )
    const keys = await Promise.all(tokens.map(newSigningKey))
    const enrol = async (key: PrivateKey, token: string) =>
      signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', { ...enrolment(key), token })
    const answers = await Promise.all(tokens.map((token, i) => enrol(keys[i]!, token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403])
    const won = answers.findIndex(({ status }) => status === 200)
    for (const { status, body } of answers)
      if (status !== 200)
        expect(body).toMatchObject({ code: 'token-invalid', detail: expect.stringContaining(answers[won]!.body.agent) })
    expect(ok(await enrol(keys[won]!, tokens[won]!))).toEqual(answers[won]!.body)
    const { agents } = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${old.tenant}`))
    expect(agents.filter(({ state }: { state: string }) => state === 'active')).toHaveLength(1)
  })

  it('leaves nothing half done where the receiver dies, at any call to the catalogue', async () => {
    for (let n = 1, died = true; died; n++) {
      const old = await enrolAgent(receiver)
      const source = await registerSource(old)
      await open(old, source)
      const token = ok(await tokenFor(old.tenant, old.id)).enrol.split('#')[1]
      const key = await newSigningKey()
      const fingerprint = await fingerprintOf(key)
      const enrol = () => signed(receiver, key, fingerprint, 'POST', '/v1/enrolments', { ...enrolment(key), token })
      const death = new Death(n, n % 2 === 0 ? 'after' : 'before')
      receiver.seams.table = death.table
      await enrol()
      receiver.seams.table = table => table
      died = death.step !== undefined
      const { agent } = ok(await enrol())
      const next = agentOf(receiver, agent, old.tenant, key)
      expect((await old.call('GET', '/v1/sources')).body.code, death.step).toBe('agent-revoked')
      expect(await registerSource(next)).toBe(source)
      expect((await open(next, source)).snapshot, death.step).toBeTruthy()
      expect((await acts(old.tenant)).filter(([action]) => action === 'agent-replaced')).toHaveLength(1)
    }
  })

  it('tells when the new host seals to other recipients or belongs to another customer key', async () => {
    const old = await enrolAgent(receiver)
    const token = ok(await tokenFor(old.tenant, old.id)).enrol.split('#')[1]
    const key = await newSigningKey()
    const body = { ...enrolment(key), token, recipients: ['age1other'] }
    const { agent } = ok(await signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', body))
    expect(await acts(old.tenant)).toContainEqual(['recipients-changed', agent, `agent:${agent}`])
  })
})

describe('a revoked agent', () => {
  it('is refused at once and alike, with its links; what it stored stays, and nobody waits for its lease', async () => {
    const agent = await enrolAgent(receiver)
    const source = await registerSource(agent)
    await backUp(agent, source, 'full', [fullEntry('a', 1, time)])
    const { url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600 }))
    await open(agent, source)
    const revoked = ok(await revoke(agent, 'server sold'))
    expect(revoked).toMatchObject({ state: 'revoked', revokedAt: receiver.clock.now.toISOString() })
    for (const [method, target, body] of [
      ['GET', '/v1/sources'],
      ['GET', `/v1/sources/${source}/timeline`],
      ['POST', '/v1/snapshots', { source, lane: 'data', kind: 'full', run: newUlid(), expectedBytes: 1 }],
      ['POST', '/v1/restore-manifests', { source }],
    ] as const)
      expect((await agent.call(method, target, body)).body.code).toBe('agent-revoked')
    const link = requestOf('GET', '/v1/link', undefined, { authorization: `Bearer ${url.split('#')[1]}` })
    expect((await receiver.send(link)).body.code).toBe('link-invalid')
    expect((await findLane(receiver.ports.catalogue, source, 'data')).lease?.released).toBe(true)
    const admin = ok(
      await receiver.admin('POST', '/v1/admin/links', { tenant: agent.tenant, source, expiresSeconds: 60 }),
    )
    expect(admin.url).toContain('/r#')
    const revokedAt = revoked.revokedAt
    receiver.clock.advance(60)
    expect(ok(await revoke(agent)).revokedAt).toBe(revokedAt)
    expect((await acts(agent.tenant)).filter(([action]) => action === 'agent-revoked')).toHaveLength(1)
    expect((await revoke({ ...agent, id: `${agent.tenant}.${newUlid()}` })).body.code).toBe('not-found')
  })

  it('whose commit has begun keeps what it sent: others see it committed, it does not', async () => {
    const agent = await enrolAgent(receiver)
    const source = await registerSource(agent)
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 1, time)])
    await upload(agent, staged)
    receiver.seams.vault = vault => ({
      ...vault,
      lock: () => Promise.reject(new Error('the function died')),
    })
    expect((await commit(agent, staged)).status).toBe(500)
    receiver.seams.vault = vault => vault
    ok(await revoke(agent))
    expect((await commit(agent, staged)).body.code).toBe('agent-revoked')
    const next = await replace(agent)
    // its successor goes on at once, and who finishes the commit is the janitor
    const opened = await open(next, source)
    const begun = await findSnapshot(receiver.ports.catalogue, staged.snapshot)
    if (begun?.state !== 'committing') throw new Error(`it is ${begun?.state}`)
    const vault = commitVault(bucket, {
      endpoint: receiver.s3Url,
      region: 'us-east-1',
      credentials,
      forcePathStyle: true,
    })
    const finished = await carryOn({ ...receiver.ports, vault }, begun, receiver.clock.now.getTime() + 20_000)
    expect(finished?.state).toBe('committed')
    expect(await snapshotsOf(next, source)).toEqual([staged.snapshot])
    expect(opened.snapshot).not.toBe(staged.snapshot)
  })
})

describe('a list of agents', () => {
  it('is paged by agent, and knows its tenant', async () => {
    const agent = await enrolAgent(receiver)
    const other = await enrolAgent(receiver, agent.tenant)
    const of = (query: string) => receiver.admin('GET', `/v1/admin/agents?${query}`)
    const page = ok(await of(`tenant=${agent.tenant}&after=${agent.id}`))
    expect(page).toMatchObject({ agents: [{ agent: other.id }], next: null })
    expect((await of('tenant=nobody')).body.code).toBe('not-found')
    const stranger = await enrolAgent(receiver)
    expect((await of(`tenant=${agent.tenant}&after=${stranger.id}`)).body.code).toBe('invalid-request')
  })
})

it('a suspended tenant’s agents and links are refused alike, and go on when it is resumed', async () => {
  const agent = await enrolAgent(receiver)
  const source = await registerSource(agent)
  await backUp(agent, source, 'full', [fullEntry('a', 1, time)])
  const { url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600 }))
  const change = (what: string, body: object = {}) =>
    receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/${what}`, body)
  const link = () =>
    receiver.send(requestOf('GET', '/v1/link', undefined, { authorization: `Bearer ${url.split('#')[1]}` }))
  const suspended = ok(await change('suspend', { reason: 'invoice 118' }))
  expect(suspended).toMatchObject({ state: 'suspended', suspended: { reason: 'invoice 118' } })
  expect(ok(await change('suspend'))).toEqual(suspended)
  expect((await agent.call('GET', '/v1/sources')).body.code).toBe('tenant-suspended')
  expect((await agent.call('POST', '/v1/restore-manifests', { source })).body.code).toBe('tenant-suspended')
  expect((await link()).body.code).toBe('link-invalid')
  const token = ok(await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/enrol-tokens`, {})).enrol.split(
    '#',
  )[1]
  const key = await newSigningKey()
  const enrol = async () =>
    signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', { ...enrolment(key), token })
  expect((await enrol()).body.code).toBe('tenant-suspended')
  expect(ok(await change('resume'))).toMatchObject({ state: 'active', suspended: null })
  expect((await agent.call('GET', '/v1/sources')).status).toBe(200)
  expect((await link()).status).toBe(200)
  expect((await enrol()).status).toBe(200)
  const said = (await acts(agent.tenant)).map(([action]) => action).filter(action => action!.startsWith('tenant-'))
  expect(said).toEqual(['tenant-created', 'tenant-suspended', 'tenant-resumed'])
  expect((await receiver.admin('POST', '/v1/admin/tenants/nobody/suspend', {})).body.code).toBe('not-found')
})
