import { PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { DeleteCommand, GetCommand, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { agentKey, manifestKey, packKey as packItemKey, snapshotKey } from '../../lambdas/catalogue/keys.ts'
import type { Key, Table } from '../../lambdas/catalogue/table.ts'
import { workNights } from '../../lambdas/export/work-nights.ts'
import { rebuild as rebuildSome } from '../../lambdas/rebuild/rebuild.ts'
import { deleteVersion } from '../../lambdas/vault/delete-version.ts'
import { describeVersion } from '../../lambdas/vault/describe-version.ts'
import { extendLock } from '../../lambdas/vault/extend-lock.ts'
import { metaKey, packKey } from '../../lambdas/vault/keys.ts'
import { listVersions } from '../../lambdas/vault/list-versions.ts'
import { putVersion } from '../../lambdas/vault/put-version.ts'
import { readObject } from '../../lambdas/vault/read-object.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { laneOf } from '../../shared/snapshot.ts'
import { handOver } from '../../shared/succession.ts'
import { long } from '../support/counts.ts'
import {
  agentOf,
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  logEntry,
  open,
  registerSource,
  type Staged,
  stage,
  type TestAgent,
  upload,
} from './agent.ts'
import { Death } from './faults.ts'
import { bucket, ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
/** In order of commit. */
let committed: Staged[]
const [from, to, later] = ['2026-11-22T14:00:00Z', '2026-11-22T14:10:00Z', '2026-11-22T14:20:00Z']

beforeEach(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent, 'shop')
  committed = [
    await backUpLater(agent, source, 'full', [fullEntry('a', 10, from)]),
    await backUpLater(agent, source, 'log', [logEntry('a', 10, 20, from, to)]),
    await backUpLater(agent, source, 'log', [logEntry('a', 30, 40, to, later)]), // leaves a gap
    await backUpLater(agent, source, 'full', [fullEntry('a', 50, later)]),
    await backUpLater(agent, await registerSource(agent, 'second'), 'full', [fullEntry('b', 1, from)]),
  ]
})
afterEach(() => receiver?.[Symbol.asyncDispose]())

function backUpLater(...backup: Parameters<typeof backUp>) {
  receiver.clock.advance(1)
  return backUp(...backup)
}

const catalogue = () => receiver.ports.catalogue

async function items(): Promise<Record<string, any>[]> {
  const all: Record<string, any>[] = []
  let start: Record<string, any> | undefined
  do {
    const page = await catalogue().documents.send(
      new ScanCommand({ TableName: catalogue().name, ConsistentRead: true, ExclusiveStartKey: start }),
    )
    all.push(...(page.Items ?? []))
    start = page.LastEvaluatedKey
  } while (start)
  return all.sort((a, b) => `${a.PK} ${a.SK}`.localeCompare(`${b.PK} ${b.SK}`))
}

async function loseTable(which: (item: Record<string, any>) => boolean = () => true): Promise<void> {
  await Promise.all((await items()).filter(which).map(item => loseItem(item as Key & Record<string, any>)))
}

function loseItem({ PK, SK }: Key) {
  return catalogue().documents.send(new DeleteCommand({ TableName: catalogue().name, Key: { PK, SK } }))
}

async function rebuild(): Promise<{
  calls: number
  restored: number
  present: number
  skipped: any[]
  notes: string[]
}> {
  const sum = { calls: 0, restored: 0, present: 0, skipped: [] as any[], notes: [] as string[] }
  let cursor: string | null | undefined
  while (cursor !== null) {
    const page = ok(await receiver.admin('POST', '/v1/admin/catalogue/rebuild', cursor ? { cursor } : {}))
    sum.calls += 1
    sum.restored += page.restored
    sum.present += page.present
    sum.skipped.push(...page.skipped)
    sum.notes.push(...page.notes)
    cursor = page.cursor
  }
  return sum
}

/** What the janitor does of a night. */
async function exportTenants(): Promise<void> {
  const vault = {
    putVersion: (object: Parameters<typeof putVersion>[1], lock: Parameters<typeof putVersion>[2]) =>
      putVersion(receiver.vault, object, lock),
    extendLock: (key: string, version: string, lock: Parameters<typeof putVersion>[2]) =>
      extendLock(receiver.vault, key, version, lock),
    listVersions: (prefix: string) => listVersions(receiver.vault, prefix),
    deleteVersion: (key: string, version: string) => deleteVersion(receiver.vault, key, version),
  }
  await workNights({ ...receiver.ports, vault }, () => true)
  expect(receiver.logged.failures).toEqual([])
}

/** Items that a rebuild gives back, without what only the catalogue knew. */
function comparable(all: Record<string, any>[]) {
  const committed = new Set(all.filter(({ state }) => state === 'committed').map(({ snapshot }) => `N#${snapshot}`))
  const forgotten =
    /^(lease|expectedBytes|gpk|gsk|uploadId|claim|signedBytes|lastSeen|rebuiltFrom|nightDue|exported|ledger|flagged|watchRevision|opened)$/
  return all
    .filter(({ PK, SK }) => isKept(PK, SK))
    .filter(({ PK }) => !PK.startsWith('N#') || committed.has(PK))
    .filter(({ SK, head }) => !SK.startsWith('LANE#') || head !== undefined)
    .filter(({ state }) => !['open', 'committing', 'abandoned'].includes(state))
    .map(item => Object.fromEntries(Object.entries(item).filter(([name]) => !forgotten.test(name))))
}

function isKept(PK: string, SK: string): boolean {
  if (/^T#[a-z0-9-]+$/.test(PK)) return /^(META$|A#|S#|SN#)/.test(SK)
  return PK === 'TENANTS' || PK.startsWith('N#') || (PK.startsWith('S#') && /^(D#|L#|LANE#|KEEP)/.test(SK))
}

async function fetched({ snapshot, kind }: Staged): Promise<Buffer> {
  const source = snapshot.slice(0, 26)
  const request = { source, snapshot }
  const { id, snapshots } = ok(await agent.call('POST', '/v1/restore-manifests', request))
  expect(snapshots.at(-1).snapshot).toBe(snapshot)
  expect(laneOf(kind)).toBeDefined()
  const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] }))
  return Buffer.from(await (await fetch(urls[0].url)).arrayBuffer())
}

describe('a catalogue that was lost', () => {
  it('comes back with every committed snapshot as it was, and nothing that never was one; restores work', async () => {
    await open(agent, await registerSource(agent, 'open'))
    const begun = await stage(agent, await open(agent, await registerSource(agent, 'begun')), [fullEntry('a', 1, from)])
    await upload(agent, begun)
    const death = new Death(14, 'before')
    Object.assign(receiver.seams, { table: death.table, vault: death.vault })
    expect((await commit(agent, begun)).status).toBe(500)
    Object.assign(receiver.seams, { table: (t: Table) => t, vault: (v: unknown) => v })
    receiver.logged.failures.length = 0
    const aborted = await stage(agent, await open(agent, await registerSource(agent, 'aborted')), [
      fullEntry('a', 1, from),
    ])
    await upload(agent, aborted)
    ok(await agent.call('DELETE', `/v1/snapshots/${aborted.snapshot}?lease=${aborted.lease}`))
    const orphan = metaKey({ tenant: 'acme', snapshot: `${source}.00000000000000000000000000` }, 'manifest.jws')
    await receiver.s3.send(new PutObjectCommand({ Bucket: bucket, Key: orphan, Body: committed[0]!.jws }))
    await exportTenants()
    const before = await items()

    await loseTable()
    const done = await rebuild()
    expect(done).toMatchObject({ restored: 5, present: 0 })
    expect(done.skipped.map(({ why }) => why)).toContain('there is no receipt: it was never committed')
    const after = await items()
    expect(comparable(after)).toEqual(comparable(before))
    expect(after.filter(({ state }) => ['open', 'committing', 'abandoned'].includes(state))).toEqual([])
    expect(done.notes).toEqual([expect.stringContaining('Tenant acme is as it was exported at')])

    for (const staged of [committed[0]!, committed[1]!, committed[3]!, committed[4]!])
      expect((await fetched(staged)).equals(Buffer.concat(staged.parts))).toBe(true)
    const next = await backUpLater(agent, source, 'log', [logEntry('a', 50, 60, later, later)])
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).log.snapshot).toBe(next.snapshot)
  })

  it('comes back from receipts alone where nothing was exported, and says what to look at', async () => {
    await loseTable()
    const { restored, notes } = await rebuild()
    expect(restored).toBe(5)
    expect(notes.join('\n')).toMatch(/Tenant acme is in no export.*Source .*Agent .* is in no export/s)
    const { tenant, agents } = {
      tenant: ok(await receiver.admin('GET', '/v1/admin/tenants/acme')),
      agents: (await items()).filter(({ SK }) => SK.startsWith('A#')),
    }
    expect(tenant).toMatchObject({ tenant: 'acme', state: 'active', minimumDays: 30 })
    expect(agents).toMatchObject([{ agent: agent.id, state: 'active', name: 'db 1', recipients: [expect.any(String)] }])
    expect((await fetched(committed[0]!)).equals(Buffer.concat(committed[0]!.parts))).toBe(true)
    ok(await agent.call('PUT', '/v1/sources/shop', { engine: 'mysql' }))
    await backUp(agent, source, 'full', [fullEntry('a', 70, later)])
  })

  it('is gone on with where a call ended, and where one died, without a write over what is there', async () => {
    await exportTenants()
    const before = comparable(await items())
    await loseTable()
    for (let n = 3; n < 200; n += long ? 2 : 23) {
      const death = new Death(n, n % 2 === 0 ? 'before' : 'after')
      receiver.seams.table = death.table
      const { status } = await receiver.admin('POST', '/v1/admin/catalogue/rebuild', {})
      receiver.seams.table = table => table
      if (death.step === undefined) expect(status).toBe(200)
    }
    await rebuild()
    expect(comparable(await items())).toEqual(before)
  })

  it('takes many calls when there is much to do, and each says where to go on', async () => {
    for (let n = 0; n < 18; n++) await backUpLater(agent, source, 'full', [fullEntry('a', 60 + n, later)])
    const other = await enrolAgent(receiver, 'acme-2')
    await backUp(other, await registerSource(other), 'full', [fullEntry('a', 1, from)])
    await exportTenants()
    const before = comparable(await items())
    await loseTable()
    let [now, calls, restored] = [0, 0, 0]
    const ports = {
      ...receiver.ports,
      catalogue: catalogue(),
      clock: () => new Date(now++),
      vault: {
        listVersions: (prefix: string, after?: string) => listVersions(receiver.vault, prefix, after),
        describeVersion: (key: string, version: string) => describeVersion(receiver.vault, key, version),
        read: (key: string, version: string) => readObject(receiver.vault, key, version),
      },
    }
    for (let after: string | null | undefined; after !== null; calls++) {
      const page = await rebuildSome(ports, after, now + 17)
      expect(page.after).not.toBe(after ?? '')
      restored += page.restored
      after = page.after
    }
    expect(restored).toBe(24)
    expect(calls).toBeGreaterThan(2)
    expect(comparable(await items())).toEqual(before)
  })
})

describe('a rebuild', () => {
  it('of a whole catalogue changes nothing and says so', async () => {
    await exportTenants()
    const before = await items()
    expect(await rebuild()).toEqual({ calls: 1, restored: 0, present: 5, skipped: [], notes: [] })
    expect(await items()).toEqual(before)
  })

  it('never writes over an item that is there', async () => {
    await exportTenants()
    const [first, second] = committed as [Staged, Staged]
    const change = (key: Key, name: string, value: unknown) =>
      catalogue().documents.send(
        new UpdateCommand({
          TableName: catalogue().name,
          Key: { ...key },
          UpdateExpression: 'SET #name = :value',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: { ':value': value },
        }),
      )
    await change(snapshotKey(first.snapshot, 'data'), 'bad', true)
    await change(agentKey(agent.id), 'name', 'renamed')
    await loseItem(snapshotKey(second.snapshot, 'log'))
    await loseItem(manifestKey(second.snapshot))
    await loseItem(packItemKey(second.snapshot, 1))
    const before = await items()
    expect(await rebuild()).toMatchObject({ restored: 1, present: 4, skipped: [] })
    const after = (await items()).filter(({ PK }) => !PK.includes('AUDIT'))
    for (const item of before.filter(({ PK }) => !PK.includes('AUDIT'))) expect(after).toContainEqual(item)
    expect(after).toHaveLength(before.filter(({ PK }) => !PK.includes('AUDIT')).length + 3)
  })

  it('reports a receipt whose objects are missing or differ, and does not believe it', async () => {
    const [full, log, , second] = committed as [Staged, Staged, Staged, Staged]
    const place = (staged: Staged) => ({ tenant: 'acme', snapshot: staged.snapshot })
    const erase = async (key: string) => {
      for await (const { versionId } of listVersions(receiver.vault, key)) {
        await receiver.s3.send(
          new PutObjectRetentionCommand({
            Bucket: bucket,
            Key: key,
            VersionId: versionId,
            Retention: {},
            BypassGovernanceRetention: true,
          }),
        )
        await deleteVersion(receiver.vault, key, versionId)
      }
    }
    await erase(packKey(place(full), 1))
    await erase(metaKey(place(log), 'units.jsonl'))
    await erase(metaKey(place(second), 'commit.json'))
    await receiver.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: metaKey(place(second), 'commit.json'), Body: '{"format":"none"}' }),
    )
    await loseTable()
    const { restored, skipped } = await rebuild()
    expect(restored).toBe(2)
    expect(skipped).toEqual([
      {
        key: metaKey(place(full), 'commit.json'),
        why: expect.stringMatching(/^version .* of packs\/.*0001\.pack is missing/),
      },
      { key: metaKey(place(log), 'commit.json'), why: expect.stringMatching(/units\.jsonl is missing/) },
      { key: metaKey(place(second), 'commit.json'), why: expect.stringMatching(/^it is no receipt/) },
    ])
  })

  it('counts the first receipt that was written, and the lock that S3 holds now', async () => {
    const [full] = committed as [Staged]
    const place = { tenant: 'acme', snapshot: full.snapshot }
    const key = metaKey(place, 'commit.json')
    const forged = new PutObjectCommand({ Bucket: bucket, Key: key, Body: '{"receivedAt":"2020-01-01T00:00:00Z"}' })
    const { VersionId } = await receiver.s3.send(forged)
    const until = new Date(Date.now() + 100 * 86_400_000)
    for (const name of [
      packKey(place, 1),
      ...(['manifest.jws', 'units.jsonl', 'commit.json'] as const).map(each => metaKey(place, each)),
    ])
      for await (const { versionId } of listVersions(receiver.vault, name))
        if (versionId !== VersionId) await extendLock(receiver.vault, name, versionId, { mode: 'GOVERNANCE', until })
    await loseTable()
    const { restored, skipped } = await rebuild()
    expect(restored).toBe(5)
    expect(skipped).toEqual([{ key, why: `version ${VersionId} was written later than the first receipt` }])
    const { Item } = await catalogue().documents.send(
      new GetCommand({ TableName: catalogue().name, Key: { ...snapshotKey(full.snapshot, 'data') } }),
    )
    expect(Item).toMatchObject({ lockedUntil: until.toISOString(), lockMode: 'GOVERNANCE' })
  })

  it('knows the key that an agent changed to after the last export, from a receipt', async () => {
    await exportTenants()
    const key = await newSigningKey()
    const handover = await handOver(agent.id, agent.key, key, receiver.clock.now)
    ok(await agent.call('POST', '/v1/agent/key', { publicKey: publicKeyOf(key), ...handover }))
    const renewed = agentOf(receiver, agent.id, 'acme', key)
    await backUpLater(renewed, source, 'full', [fullEntry('a', 60, later)])
    const { succession } = (await items()).find(({ SK }) => SK.startsWith('A#'))!
    await loseTable()
    expect((await rebuild()).restored).toBe(6)
    expect((await items()).find(({ SK }) => SK.startsWith('A#'))).toMatchObject({
      publicKey: publicKeyOf(key),
      succession,
    })
    expect((await agent.call('GET', '/v1/sources')).body.code).toBe('proof-invalid')
    expect(ok(await renewed.call('GET', '/v1/sources')).sources).toHaveLength(2)
  })

  it('takes the key of the newest receipt for an agent, unless the agent was heard of since', async () => {
    await exportTenants()
    const stored = (await items()).find(({ SK }) => SK.startsWith('A#'))!
    await loseTable()
    await rebuild()
    ok(await agent.call('GET', '/v1/sources')) // it calls: now it is known better than from receipts
    const put = { ...stored, lastSeen: new Date().toISOString(), publicKey: { ...stored.publicKey, x: 'A'.repeat(43) } }
    await catalogue().documents.send(new PutCommand({ TableName: catalogue().name, Item: put }))
    await loseTable(({ SK, state }) => SK.startsWith('D#') && state === 'committed')
    expect((await rebuild()).restored).toBe(3)
    expect((await items()).find(({ SK }) => SK.startsWith('A#'))).toEqual(put)
  })

  it('leaves one entry in the audit of each tenant that got something back, and wants a cursor of its own', async () => {
    await loseTable()
    await rebuild()
    const entries = await listAudit(catalogue(), 'acme', monthOf(receiver.clock.now.toISOString()))
    expect(entries.map(({ action, detail }) => [action, detail])).toEqual([['catalogue-rebuilt', { restored: 5 }]])
    for (const cursor of ['bWV0YQ', Buffer.from('packs/acme/x').toString('base64url'), 'ü'])
      expect((await receiver.admin('POST', '/v1/admin/catalogue/rebuild', { cursor })).body.code).toBe(
        'invalid-request',
      )
  })
})
