import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DeleteCommand, DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../../lambdas/catalogue/table.ts'
import { metaKey } from '../../lambdas/vault/keys.ts'
import { listVersions } from '../../lambdas/vault/list-versions.ts'
import { readObject } from '../../lambdas/vault/read-object.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import { backUp, enrolAgent, fullEntry, logEntry, open, registerSource, type Staged, type TestAgent } from './agent.ts'
import { reach } from './reach.ts'
import { ok, type Reachable } from './support.ts'

/** The provider's work with the program that providers have, on functions with the roles of the stack. */

let cloud: TestCloud
let receiver: Reachable
let agent: TestAgent
let source: string
const committed: Staged[] = []
/** Of the cloud's clock. It begins yesterday, because the provider's program signs with the real one. */
let behind = 26 * 3_600_000
const now = () => new Date(Date.now() - behind)
const first = now().toISOString().slice(0, 7)
const [from, to] = ['2026-11-22T14:00:00Z', '2026-11-22T14:10:00Z']

beforeAll(async () => {
  cloud = await startTestCloud({ now, timer: false })
  receiver = await reach(cloud, now)
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent, 'shop')
  committed.push(await backUp(agent, source, 'full', [fullEntry('a', 10, from)]))
  committed.push(await backUp(agent, source, 'log', [logEntry('a', 10, 20, from, to)]))
  await open(agent, await registerSource(agent, 'never committed'))
  behind = 0 // the janitor's daily pass is due
  await cloud.fire('janitor')
}, 120_000)
afterAll(() => cloud?.close())

async function provider(...args: string[]) {
  const finished = await run(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
  expect(finished.stderr).not.toContain('Error')
  expect(finished.code).toBe(0)
  return finished
}

const json = async (...args: string[]) => JSON.parse((await provider(...args, '--json')).stdout)

function vault() {
  const { s3Url: endpoint, region, admin: credentials, bucket } = cloud
  return { bucket, client: new S3Client({ endpoint, region, forcePathStyle: true, credentials }) }
}

function documents(): DynamoDBDocumentClient {
  const { dynamodbUrl: endpoint, region, admin: credentials } = cloud
  return DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }))
}

async function items(): Promise<Record<string, any>[]> {
  const { Items = [] } = await documents().send(new ScanCommand({ TableName: cloud.table, ConsistentRead: true }))
  return Items
}

async function loseTable(): Promise<void> {
  for (const { PK, SK } of await items())
    await documents().send(new DeleteCommand({ TableName: cloud.table, Key: { PK, SK } }))
}

const snapshotItems = async () =>
  (await items())
    .filter(({ state }) => state === 'committed')
    .map(({ lease: _l, expectedBytes: _e, gpk: _g, gsk: _s, ...item }) => item)
    .sort((a, b) => a.SK.localeCompare(b.SK))

describe('the provider, with the roles of the stack', () => {
  it('bills by what is stored, sets quotas and reads the audit', async () => {
    let bytes = 0
    for (const prefix of [`packs/acme/${source}/`, `meta/acme/${source}/`])
      for await (const { size } of listVersions(vault(), prefix)) bytes += size
    // On the first of a month the snapshots are of the month before, and the pass is of this one.
    const months = [...new Set([first, now().toISOString().slice(0, 7)])]
    const totals = { uploaded: 0, downloaded: 0, snapshots: 0, restores: 0 }
    for (const month of months) {
      const { stdout } = await provider('usage', '--csv', '--month', month)
      const [heads, row, ...rest] = stdout.split('\r\n')
      expect(heads).toBe(
        'month,tenant,gb_months,stored_bytes,peak_bytes,uploaded_bytes,downloaded_bytes,snapshots,restores',
      )
      expect(row).toMatch(new RegExp(`^${month},acme,0\\.\\d{6},${bytes},${bytes},\\d+,\\d+,\\d+,\\d+$`))
      expect(rest).toEqual([''])
      const [uploaded, downloaded, snapshots, restores] = row!.split(',').slice(5).map(Number)
      const { rows } = await json('usage', '--sources', '--tenant', 'acme', '--month', month)
      expect(rows).toMatchObject([
        { tenant: 'acme', name: 'shop', storedBytes: bytes, snapshots },
        { tenant: 'acme', name: 'never committed', storedBytes: 0, snapshots: 0 },
      ])
      totals.uploaded += uploaded!
      totals.downloaded += downloaded!
      totals.snapshots += snapshots!
      totals.restores += restores!
    }
    expect(totals).toEqual({ uploaded: expect.any(Number), downloaded: 0, snapshots: 2, restores: 0 })
    expect(totals.uploaded).toBeGreaterThan(0)

    expect((await provider('quota', 'set', 'acme', '--soft', '500GB', '--hard', '1TB')).stdout).toMatch(
      /hard quota +1 TB/,
    )
    expect(await json('quota', 'set', 'acme', '--daily-download', '200GB')).toMatchObject({
      softBytes: 500e9,
      hardBytes: 1e12,
      dailyDownloadBytes: 200e9,
      usedBytes: bytes,
    })
    const { entries } = await json('audit', 'acme')
    expect(entries.slice(0, 2).map(({ action }: { action: string }) => action)).toEqual([
      'quota-changed',
      'quota-changed',
    ])
    expect(entries[0].actor).toMatch(/^admin:arn:aws:iam:/)
  })

  it('gets a lost table back from the vault alone; restores work, and what never was committed stays away', async () => {
    await cloud.fire('janitor') // the night's export knows the quota
    const before = await snapshotItems()
    expect(before).toHaveLength(2)
    await loseTable()
    const first = await json('catalogue', 'rebuild')
    expect(first).toMatchObject({ restored: 2, present: 0, skipped: [] })
    expect(await snapshotItems()).toEqual(before)
    expect((await items()).filter(({ state }) => state === 'open')).toEqual([])
    expect((await provider('catalogue', 'rebuild')).stdout).toBe(
      'Nothing was missing: 2 snapshots are in the catalogue.\n',
    )

    const packs = committed.map(({ snapshot }) => ({ snapshot, pack: 1 }))
    const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source, at: to }))
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs }))
    for (const [i, { parts }] of committed.entries()) {
      const bytes = Buffer.from(await (await fetch(urls[i].url)).arrayBuffer())
      expect(bytes.equals(Buffer.concat(parts))).toBe(true)
    }
    const next = await backUp(agent, source, 'log', [logEntry('a', 20, 30, to, to)])
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).log.snapshot).toBe(next.snapshot)
    await cloud.fire('janitor')
    await cloud.fire('watchdog')
  })

  it('is told of a receipt whose objects are gone, though S3 only says that they may not be looked at', async () => {
    const { client, bucket } = vault()
    const original = metaKey({ tenant: 'acme', snapshot: committed[0]!.snapshot }, 'commit.json')
    const [version] = await collect(listVersions(vault(), original))
    const text = Buffer.from(await readObject(vault(), original, version!.versionId)).toString()
    const forged = { tenant: 'acme', snapshot: `${source}.00000000000000000000000000` }
    const receipt = text.replaceAll(committed[0]!.snapshot.slice(27), '00000000000000000000000000')
    const Key = metaKey(forged, 'commit.json')
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: receipt, IfNoneMatch: '*' }))
    expect(await json('catalogue', 'rebuild')).toMatchObject({
      restored: 0,
      skipped: [{ key: Key, why: expect.stringMatching(/^version .* is missing, or may not be looked at$/) }],
    })
    expect((await items()).filter(({ snapshot }) => snapshot === forged.snapshot)).toEqual([])
  })
})
