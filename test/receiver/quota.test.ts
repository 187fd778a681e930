import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { findSource } from '../../lambdas/catalogue/sources.ts'
import { findTenantStored } from '../../lambdas/catalogue/stored.ts'
import { collect, prefixed, query } from '../../lambdas/catalogue/table.ts'
import { readSourceHistory } from '../../lambdas/retention/source-history.ts'
import { measureUsage } from '../../lambdas/usage/measure-usage.ts'
import { sumStored } from '../../lambdas/usage/sum-stored.ts'
import { listVersions } from '../../lambdas/vault/list-versions.ts'
import { newUlid } from '../../shared/ids.ts'
import { backUp, commit, enrolAgent, fullEntry, open, registerSource, stage, type TestAgent, upload } from './agent.ts'
import { Death } from './faults.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const at = new Date().toISOString()
const MB = 1_000_000

async function tenantWith(quota: { softBytes?: number; hardBytes?: number }): Promise<TestAgent> {
  const agent = await enrolAgent(receiver)
  await setQuota(agent.tenant, quota)
  return agent
}

async function setQuota(tenant: string, { softBytes = null, hardBytes = null }: Record<string, number | null>) {
  const body = { softBytes, hardBytes, dailyDownloadBytes: null }
  return ok(await receiver.admin('PUT', `/v1/admin/tenants/${tenant}/quota`, body))
}

const used = async (tenant: string) => (await findTenantStored(receiver.ports.catalogue, tenant)).used

function ask(agent: TestAgent, source: string, expectedBytes: number, kind: 'full' | 'log' = 'full') {
  const lane = kind === 'log' ? 'log' : 'data'
  return agent.call('POST', '/v1/snapshots', { source, lane, kind, run: newUlid(), expectedBytes })
}

/** What the janitor does once a day. */
async function measure(tenant: string, sources: string[], seconds = 86_400): Promise<void> {
  receiver.clock.advance(seconds)
  for (const id of sources) {
    const source = await findSource(receiver.ports.catalogue, tenant, id)
    const history = await readSourceHistory(receiver.ports.catalogue, id)
    const vault = { listVersions: (prefix: string) => listVersions(receiver.vault, prefix) }
    await measureUsage({ ...receiver.ports, vault }, source!, history)
  }
  await sumStored(receiver.ports, tenant)
}

const condition = async (tenant: string, kind: 'quota-soft' | 'quota-hard') => {
  const found = await findCondition(receiver.ports.catalogue, tenant, kind, tenant)
  return found && (found.recoveredAt === null ? 'raised' : 'recovered')
}

const notices = async (tenant: string) => {
  const Told = z.object({ kind: z.string(), state: z.string() })
  const all = await collect(query(receiver.ports.catalogue, Told, prefixed(`T#${tenant}#OUT`, '0')))
  return all.filter(({ kind }) => kind.startsWith('quota')).map(({ kind, state }) => `${kind} ${state}`)
}

describe('the hard quota', () => {
  it('refuses to open a snapshot that does not fit, before anything is taken, and says what to do', async () => {
    const agent = await tenantWith({ hardBytes: 10 * MB })
    const source = await registerSource(agent)
    const refused = await ask(agent, source, 11 * MB)
    expect(refused.body).toMatchObject({
      status: 429,
      code: 'quota-exceeded',
      detail: expect.stringMatching(/stores 0 B of at most 10 MB, and this takes 11 MB more/),
      fix: expect.stringContaining('Ask your provider'),
    })
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data).toBeNull()
    ok(await ask(agent, source, 9 * MB))
    expect(await condition(agent.tenant, 'quota-hard')).toBe('raised')
  })

  it('lets logs go 5 % beyond it, so that no chain breaks before the provider can act', async () => {
    const agent = await tenantWith({ hardBytes: 10 * MB })
    const source = await registerSource(agent)
    await backUp(agent, source, 'full', [fullEntry('a', 10, at)])
    expect((await ask(agent, source, 10.4 * MB)).body.code).toBe('quota-exceeded')
    expect((await ask(agent, source, 10.6 * MB, 'log')).body.code).toBe('quota-exceeded')
    ok(await ask(agent, source, 10.4 * MB, 'log'))
  })

  it('counts what is signed, once however often it is signed again, also by requests at the same time', async () => {
    const agent = await tenantWith({ hardBytes: 105 * MB })
    const source = await registerSource(agent)
    const opened = await open(agent, source)
    const sign = (parts: object[]) =>
      agent.call('POST', `/v1/snapshots/${opened.snapshot}/parts`, { lease: opened.lease.token, parts })
    const part = (number: number, size: number, pack = 1) => ({ pack, number, size, sha256: `${'A'.repeat(43)}=` })
    const { partSize } = opened
    ok(await sign([part(1, partSize), part(2, 1000)]))
    expect(await used(agent.tenant)).toBe(partSize + 1000)
    for (const answer of await Promise.all(Array.from({ length: 6 }, () => sign([part(1, partSize), part(2, 1000)]))))
      ok(answer)
    expect(await used(agent.tenant)).toBe(partSize + 1000)
    ok(await sign([part(1, 500, 2)]))
    const all = await Promise.all(Array.from({ length: 6 }, () => sign([part(1, 700, 2)])))
    expect(all.every(({ status }) => status === 200)).toBe(true)
    expect(await used(agent.tenant)).toBe(partSize + 1700)
    expect((await sign([part(5, partSize, 3)])).status).toBe(200)
    expect((await sign([part(6, partSize, 3)])).body.code).toBe('quota-exceeded')
    expect((await sign([part(6, partSize, 3)])).body.code).toBe('quota-exceeded') // asking again wins nothing
    expect((await sign([part(5, partSize, 3)])).status).toBe(200)
  })

  it('holds against an agent that opens, signs and aborts without end, from as many sources as it likes', async () => {
    const agent = await tenantWith({ hardBytes: 100 * MB })
    let signed = 0
    for (let n = 0; n < 12; n++) {
      const source = await registerSource(agent, `s${n}`)
      const { snapshot, lease, partSize } = await open(agent, source)
      const parts = [{ pack: 1, number: 1, size: partSize, sha256: `${'A'.repeat(43)}=` }]
      const answer = await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, { lease: lease.token, parts })
      if (answer.status === 200) signed += partSize
      else expect(answer.body.code).toBe('quota-exceeded')
      ok(await agent.call('DELETE', `/v1/snapshots/${snapshot}?lease=${lease.token}`))
    }
    expect(signed).toBeGreaterThan(50 * MB)
    expect(signed).toBeLessThanOrEqual(100 * MB)
  })

  it('is told once, and is over once it has been quiet for a day and a half', async () => {
    const agent = await tenantWith({ hardBytes: 10 * MB })
    const source = await registerSource(agent)
    for (let n = 0; n < 3; n++) expect((await ask(agent, source, 11 * MB)).body.code).toBe('quota-exceeded')
    await measure(agent.tenant, [source])
    expect(await notices(agent.tenant)).toEqual(['quota-hard raised'])
    await measure(agent.tenant, [source])
    await measure(agent.tenant, [source])
    expect(await notices(agent.tenant)).toEqual(['quota-hard raised', 'quota-hard recovered'])
  })
})

describe('what counts against a quota', () => {
  it('is put right by the daily measurement: committed, unfinished and gone', async () => {
    const agent = await tenantWith({ hardBytes: 1000 * MB })
    const source = await registerSource(agent)
    await backUp(agent, source, 'full', [fullEntry('a', 1, at)])
    const unfinished = await open(agent, source)
    const parts = [{ pack: 1, number: 1, size: 5 * MB, sha256: `${'A'.repeat(43)}=` }]
    const target = `/v1/snapshots/${unfinished.snapshot}`
    ok(await agent.call('POST', `${target}/parts`, { lease: unfinished.lease.token, parts }))
    const stored = async () => {
      const versions = [
        ...(await collect(listVersions(receiver.vault, `packs/${agent.tenant}/`))),
        ...(await collect(listVersions(receiver.vault, `meta/${agent.tenant}/`))),
      ]
      return versions.reduce((sum, { size }) => sum + size, 0)
    }
    await measure(agent.tenant, [source])
    expect(await used(agent.tenant)).toBe((await stored()) + 5 * MB)
    // a death between two counts leaves too much, never too little; the next measurement sees the truth
    const other = await open(agent, await registerSource(agent, 'other'))
    for (let n = 1; n < 14; n++) {
      receiver.seams.table = new Death(n, n % 2 ? 'after' : 'before').table
      const again = [{ pack: 1, number: 1, size: MB, sha256: `${'A'.repeat(43)}=` }]
      await agent.call('POST', `/v1/snapshots/${other.snapshot}/parts`, { lease: other.lease.token, parts: again })
      receiver.seams.table = table => table
      expect(await used(agent.tenant)).toBeLessThanOrEqual((await stored()) + 5 * MB + 14 * MB)
    }
    expect(await used(agent.tenant)).toBeGreaterThanOrEqual((await stored()) + 6 * MB)
    await measure(agent.tenant, [source, other.snapshot.slice(0, 26)])
    expect(await used(agent.tenant)).toBe((await stored()) + 6 * MB)
  })

  it('is what every source signed since it was measured, whichever was measured when', async () => {
    const agent = await tenantWith({ hardBytes: 1000 * MB })
    const sources = [await registerSource(agent, 'a'), await registerSource(agent, 'b')]
    const packs = async () => {
      const all = await collect(listVersions(receiver.vault, `packs/${agent.tenant}/`))
      return all.reduce((sum, { size }) => sum + size, 0)
    }
    for (let n = 0; n < 4; n++) {
      await backUp(agent, sources[n % 2]!, 'full', [fullEntry('a', n, at)])
      await measure(agent.tenant, [sources[(n + 1) % 2]!])
      const meta = await collect(listVersions(receiver.vault, `meta/${agent.tenant}/`))
      const all = (await packs()) + meta.reduce((sum, { size }) => sum + size, 0)
      const figure = await used(agent.tenant)
      expect(figure).toBeGreaterThanOrEqual(await packs())
      expect(figure).toBeLessThanOrEqual(all)
    }
  })

  it('raises the soft quota once when it is passed, and recovers it once', async () => {
    const agent = await tenantWith({ softBytes: 3 * MB, hardBytes: 100 * MB })
    const source = await registerSource(agent)
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 1, at)], { size: 4 * MB })
    await upload(agent, staged)
    ok(await commit(agent, staged))
    expect(await condition(agent.tenant, 'quota-soft')).toBe('raised')
    await measure(agent.tenant, [source])
    await measure(agent.tenant, [source])
    expect(await notices(agent.tenant)).toEqual(['quota-soft raised'])
    expect((await setQuota(agent.tenant, { softBytes: 30 * MB, hardBytes: 100 * MB })).usedBytes).toBeGreaterThan(
      4 * MB,
    )
    expect(await notices(agent.tenant)).toEqual(['quota-soft raised', 'quota-soft recovered'])
  })
})

describe('setting a quota', () => {
  it('shows it, refuses nonsense and unknown tenants', async () => {
    const agent = await tenantWith({ softBytes: 5, hardBytes: 10 })
    expect(ok(await receiver.admin('GET', `/v1/admin/tenants/${agent.tenant}/quota`))).toEqual({
      tenant: agent.tenant,
      softBytes: 5,
      hardBytes: 10,
      dailyDownloadBytes: null,
      usedBytes: 0,
    })
    const put = (body: object, tenant = agent.tenant) =>
      receiver.admin('PUT', `/v1/admin/tenants/${tenant}/quota`, body)
    const nothing = { softBytes: null, hardBytes: null, dailyDownloadBytes: null }
    expect((await put({ ...nothing, softBytes: 11, hardBytes: 10 })).body.code).toBe('invalid-request')
    expect((await put({ ...nothing, hardBytes: -1 })).body.code).toBe('invalid-request')
    expect((await put({ softBytes: 1 })).body.code).toBe('invalid-request')
    expect((await put(nothing, 'nobody')).body.code).toBe('not-found')
    ok(await put(nothing))
  })

  it('needs a hard one under compliance locks, from the beginning', async () => {
    await using strict = await startReceiver({ LOCK_MODE: 'COMPLIANCE' })
    const create = (body: object) =>
      strict.admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'Acme', ...body })
    expect((await create({})).body).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('hardBytes'),
    })
    ok(await create({ hardBytes: 1e12 }))
    const none = { softBytes: null, hardBytes: null, dailyDownloadBytes: null }
    expect((await strict.admin('PUT', '/v1/admin/tenants/acme/quota', none)).body.code).toBe('invalid-request')
    expect(ok(await strict.admin('GET', '/v1/admin/tenants/acme/quota')).hardBytes).toBe(1e12)
  })
})
