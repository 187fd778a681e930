import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dueIn } from '../../lambdas/catalogue/by-time.ts'
import { KeepChore } from '../../lambdas/catalogue/keep.ts'
import { runKey, snapshotKey } from '../../lambdas/catalogue/keys.ts'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { postponeLive } from '../../lambdas/catalogue/removal.ts'
import { findSnapshot } from '../../lambdas/catalogue/snapshots.ts'
import { findTenantStored } from '../../lambdas/catalogue/stored.ts'
import { collect } from '../../lambdas/catalogue/table.ts'
import { dueTenants } from '../../lambdas/catalogue/tenant-chores.ts'
import { keepSource } from '../../lambdas/janitor/keep-source.ts'
import type { JanitorPorts } from '../../lambdas/janitor/ports.ts'
import { work } from '../../lambdas/janitor/work.ts'
import { newUlid } from '../../shared/ids.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
  windowOf,
} from './agent.ts'
import { Death } from './faults.ts'
import {
  clean,
  day,
  HonestHost,
  janitorPorts,
  startReceiverInTime,
  stateOf,
  stopReceiverInTime,
  uploadsOf,
  versionsOf,
} from './janitor-support.ts'
import { bucket, ok, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent

beforeAll(async () => {
  receiver = await startReceiverInTime('2026-11-02T08:00:00Z')
  agent = await enrolAgent(receiver)
})
afterAll(() => stopReceiverInTime(receiver))

const now = () => receiver.clock.now
const minutes = (n: number) => receiver.clock.advance(n * 60)
const days = (n: number) => receiver.clock.advance(n * day)

async function staged(name: string, size?: number) {
  const host = new HonestHost(receiver.clock)
  const source = await registerSource(agent, name)
  const staged = await stage(agent, await open(agent, source), [host.full(now())], size === undefined ? {} : { size })
  await upload(agent, staged)
  return { source, ...staged }
}

async function dieIn(begun: Parameters<typeof commit>[1], call: number) {
  const death = new Death(call, 'before')
  Object.assign(receiver.seams, { table: death.table, vault: death.vault })
  expect((await commit(agent, begun)).status).toBe(500)
  Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
  receiver.logged.failures.length = 0
}

describe('what was left lying', () => {
  it.each([9, 12, 14, 16, 18])(
    'a commit that could not go on (from its call %i) for longer than its lock lasts is finished all the same',
    async call => {
      const begun = await staged(`late ${call}`)
      await dieIn(begun, call)
      expect(await stateOf(receiver, begun.snapshot)).toBe('committing')
      days(6)
      await clean(receiver)
      expect(receiver.logged.failures).toEqual([])
      expect(await stateOf(receiver, begun.snapshot)).toBe('committed')
      expect(await versionsOf(receiver, begun.snapshot)).toHaveLength(4)
    },
  )

  it('what a source uploads that never commits anything counts against the quota only as long as it is there', async () => {
    ok(
      await receiver.admin('PUT', `/v1/admin/tenants/${agent.tenant}/quota`, {
        softBytes: null,
        hardBytes: 1e9,
        dailyDownloadBytes: null,
      }),
    )
    const before = (await findTenantStored(receiver.ports.catalogue, agent.tenant)).used
    const begun = await staged('never', 300_000)
    ok(await agent.call('DELETE', `/v1/snapshots/${begun.snapshot}?lease=${begun.lease}`))
    const { used } = await findTenantStored(receiver.ports.catalogue, agent.tenant)
    expect(used - before).toBeGreaterThan(300_000)
    for (let i = 0; i < 3; i++) {
      minutes(24 * 60)
      await clean(receiver)
    }
    expect((await findTenantStored(receiver.ports.catalogue, agent.tenant)).used).toBeLessThan(used - 299_000)
  })

  it('a commit that was stuck and then refused is no longer told as stuck', async () => {
    const begun = await staged('refused')
    await dieIn(begun, 9)
    receiver.seams.intercept = request =>
      request.method === 'HEAD' ? { kind: 'error', status: 400, code: 'InvalidRequest' } : undefined
    minutes(72)
    await clean(receiver)
    const stuck = () => findCondition(receiver.ports.catalogue, agent.tenant, 'commit-stuck', begun.source)
    expect(await stuck()).toMatchObject({ recoveredAt: null })
    receiver.seams.intercept = undefined
    receiver.logged.failures.length = 0
    for (const { key, versionId } of await versionsOf(receiver, begun.snapshot))
      await receiver.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
    for (let i = 0; i < 3; i++) {
      minutes(24 * 60)
      await clean(receiver)
    }
    expect(await stateOf(receiver, begun.snapshot)).toBe('abandoned')
    expect(await stuck()).toMatchObject({ recoveredAt: expect.any(String) })
  })

  it('does not wait for ever in a queue that it has nothing to do with any more', async () => {
    const begun = await staged('done')
    ok(await commit(agent, begun))
    const { catalogue } = receiver.ports
    const late = (await findSnapshot(catalogue, begun.snapshot))!
    await postponeLive(catalogue, late, now()) // by a janitor that knew it with strays
    minutes(1)
    await clean(receiver)
    const read = new GetCommand({ TableName: catalogue.name, Key: snapshotKey(begun.snapshot, 'data') })
    expect((await catalogue.documents.send(read)).Item).not.toHaveProperty('gpk')
  })

  it('stays while its tenant is suspended, and waits for its agent after that', async () => {
    const begun = await staged('paused')
    const aborted = await staged('aborted')
    ok(await agent.call('DELETE', `/v1/snapshots/${aborted.snapshot}?lease=${aborted.lease}`))
    ok(await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/suspend`, {}))
    for (let i = 0; i < 9; i++) {
      days(1)
      await clean(receiver)
      expect((await agent.call('GET', '/v1/sources')).body.code).toBe('tenant-suspended')
    }
    expect(await stateOf(receiver, begun.snapshot)).toBe('open')
    expect(await uploadsOf(receiver, aborted.snapshot)).toHaveLength(1)
    ok(await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/resume`, {}))
    days(1.1)
    await clean(receiver)
    expect(await uploadsOf(receiver, aborted.snapshot)).toEqual([])
    expect(ok(await commit(agent, begun)).state).toBe('committed')
  }, 60_000)

  it('is given up when no run has come back to it for 30 days, though its agent calls for other things', async () => {
    const begun = await staged('forgotten')
    const pack = begun.manifest.packs[0]!
    ok(await agent.call('POST', `/v1/snapshots/${begun.snapshot}/packs/1/complete`, { lease: begun.lease, pack }))
    await callsFor(20)
    ok(await agent.call('POST', `/v1/snapshots/${begun.snapshot}/renew`, { lease: begun.lease }))
    await callsFor(28)
    expect(await stateOf(receiver, begun.snapshot)).toBe('open')
    await callsFor(8)
    expect(await stateOf(receiver, begun.snapshot)).toBe('abandoned')
    expect(await versionsOf(receiver, begun.snapshot)).toEqual([])

    async function callsFor(n: number) {
      for (let i = 0; i < n; i += 4) {
        days(4)
        ok(await agent.call('GET', '/v1/sources'))
        await clean(receiver)
      }
    }
  }, 60_000)
})

it('what a host says of its runs does not stay for ever', async () => {
  const source = await registerSource(agent, 'talks')
  const run = newUlid(now().getTime())
  const word = { source, run, outcome: 'failed', requested: 'full', startedAt: now().toISOString() }
  ok(await agent.call('POST', '/v1/runs', word))
  const { documents, name } = receiver.ports.catalogue
  const { Item } = await documents.send(new GetCommand({ TableName: name, Key: runKey(source, run) }))
  expect(Item!.ttl - now().getTime() / 1000).toBeCloseTo(400 * day, -2)
})

describe('a restore that was planned before its snapshots got their tombstones', () => {
  it('is fetched until it ends, with URLs that live as long as they say', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'restored')
    const { snapshot } = await backUp(agent, source, 'full', [host.full(now())])
    await backUp(agent, source, 'full', [host.full(now())])
    days(6)
    const started = now()
    receiver.clock.advance(840) // a pass goes by the moment it began at
    const { id, expiresAt } = ok(await agent.call('POST', '/v1/restore-manifests', { source, snapshot }))
    const late = { ...janitorPorts(receiver), clock: () => started }
    await keepSource(late, { tenant: agent.tenant, source }, () => 840_000)
    expect(await stateOf(receiver, snapshot)).toBe('tombstoned')
    receiver.clock.now = new Date(Date.parse(expiresAt) - 1000)
    const packs = [{ snapshot, pack: 1 }]
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs }))
    receiver.clock.advance(840)
    await clean(receiver)
    expect((await fetch(urls[0].url)).status).toBe(200)
    days(2)
    await clean(receiver)
    expect(await stateOf(receiver, snapshot)).toBeUndefined()
  })
})

describe('what one source takes of the janitor', () => {
  it('is half of its time for what is not committed, while the daily passes of others wait', async () => {
    const host = new HonestHost(receiver.clock)
    const other = await registerSource(agent, 'waits')
    const [old] = [await backUp(agent, other, 'full', [host.full(now())])]
    await backUp(agent, other, 'full', [host.full(now())])
    days(6)
    const many = await staged('many packs')
    for (let pack = 2; pack < 100; pack++)
      ok(
        await agent.call('POST', `/v1/snapshots/${many.snapshot}/parts`, {
          lease: many.lease,
          parts: windowOf([Buffer.from('a')], pack),
        }),
      )
    ok(await agent.call('DELETE', `/v1/snapshots/${many.snapshot}?lease=${many.lease}`))
    minutes(21)
    const end = now().getTime() + 840_000
    receiver.seams.intercept = request => {
      if (request.method === 'DELETE') receiver.clock.advance(10) // the abortion of an upload is slow today
      return undefined
    }
    await clean(receiver, { remaining: () => end - now().getTime() })
    receiver.seams.intercept = undefined
    expect(await stateOf(receiver, old.snapshot)).toBe('tombstoned')
    expect((await uploadsOf(receiver, many.snapshot)).length).toBeGreaterThan(0)
    await clean(receiver)
    expect(await uploadsOf(receiver, many.snapshot)).toEqual([])
  }, 60_000)

  it('is not the time of its tenant’s night, though more passes are due than there is time for', async () => {
    const crowd = await enrolAgent(receiver)
    for (let i = 0; i < 12; i++) await registerSource(crowd, `slow ${i}`)
    days(2)
    const end = now().getTime() + 840_000
    receiver.seams.intercept = request => {
      if (request.method === 'GET' && request.url!.includes('versions')) receiver.clock.advance(60) // lists are slow today
      return undefined
    }
    await clean(receiver, { remaining: () => end - now().getTime() })
    receiver.seams.intercept = undefined
    expect(await left()).toBeGreaterThan(0)
    const chores = await collect(dueTenants(receiver.ports.catalogue, now()))
    expect(chores.map(({ tenant }) => tenant)).not.toContain(crowd.tenant)
    await clean(receiver)
    expect(await left()).toBe(0)

    async function left(): Promise<number> {
      return (await collect(dueIn(receiver.ports.catalogue, KeepChore, 'KEEP', now()))).length
    }
  }, 60_000)

  it('is one invocation an hour, where its pass brings the whole function down', async () => {
    const host = new HonestHost(receiver.clock)
    const own = new Set<string>()
    for (let i = 0; i < 30; i++) own.add(await registerSource(agent, `deadly ${i}`))
    // Two are worked on at a time: what is beside the deadly one dies with it, and that must not be the one that is looked at.
    const dayAfter = new Date(now().getTime() + 2 * day * 1000)
    const chores = await collect(dueIn(receiver.ports.catalogue, KeepChore, 'KEEP', dayAfter))
    const taken = chores.map(({ source }) => source).filter(source => own.has(source))
    const [deadly, last] = [taken[0]!, taken.at(-1)!]
    const old = await backUp(agent, last, 'full', [host.full(now())])
    await backUp(agent, last, 'full', [host.full(now())])
    days(6)
    for (let i = 0; i < 2; i++) {
      await work(deadlyPorts(deadly), () => 840_000).catch(() => {})
      minutes(15)
    }
    receiver.logged.failures.length = 0
    expect(await stateOf(receiver, old.snapshot)).toBe('tombstoned')
  }, 60_000)

  /** Out of memory as soon as the history of a source is read: whatever runs then ends there. */
  function deadlyPorts(source: string): JanitorPorts {
    const ports = janitorPorts(receiver)
    let dead = false
    const { documents, ...rest } = ports.catalogue
    const send = async (command: { input: { ExpressionAttributeValues?: Record<string, unknown> } }) => {
      dead ||= command.input.ExpressionAttributeValues?.[':PK'] === `S#${source}`
      if (dead) throw new Error('out of memory')
      return documents.send(command as never)
    }
    return { ...ports, catalogue: { ...rest, documents: { send } as never } }
  }

  it('is not more for what it began and gave up long ago', async () => {
    const source = await registerSource(agent, 'gave up')
    const keep = async () => {
      const death = new Death(Number.POSITIVE_INFINITY, 'before')
      await keepSource(janitorPorts(receiver, death), { tenant: agent.tenant, source }, () => 840_000)
      minutes(1)
      return death.calls.length
    }
    await keep()
    const before = await keep()
    for (let i = 0; i < 5; i++) {
      const { snapshot, lease } = await open(agent, source)
      ok(await agent.call('DELETE', `/v1/snapshots/${snapshot}?lease=${lease.token}`))
    }
    expect(await keep()).toBeGreaterThan(before)
    minutes(21)
    await clean(receiver)
    expect(await keep()).toBe(before)
  })

  it('is not all of its time for a commit that looks at many bases', async () => {
    const source = await registerSource(agent, 'many bases')
    const at = now().toISOString()
    const units = ['a', 'b', 'c']
    const bases = new Map<string, string>()
    for (const unit of units) bases.set(unit, (await backUp(agent, source, 'full', [fullEntry(unit, 10, at)])).snapshot)
    const entries = units.map(unit => ({
      ...fullEntry(unit, 20, at),
      kind: 'differential' as const,
      base: bases.get(unit)!,
    }))
    const begun = await stage(agent, await open(agent, source, 'differential'), entries)
    await upload(agent, begun)
    let looked = 0
    receiver.seams.table = table => {
      const send = async (command: { input: { Key?: { SK: string } } }) => {
        const isBase = [...bases.values()].some(id => command.input.Key?.SK === `D#${id.slice(27)}`)
        if (isBase) looked += 1
        if (isBase) receiver.clock.advance(15)
        return table.documents.send(command as never)
      }
      return { ...table, documents: { send } as never }
    }
    expect((await commit(agent, begun)).status).toBe(202)
    expect(looked).toBe(2)
    receiver.seams.table = table => table
    expect(ok(await commit(agent, begun)).state).toBe('committed')
  })
})
