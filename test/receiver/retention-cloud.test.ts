import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../../lambdas/catalogue/table.ts'
import { listVersions } from '../../lambdas/vault/list-versions.ts'
import { noKeepRules } from '../../shared/retention.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import {
  backUp,
  enrolAgent,
  fullEntry,
  logEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
} from './agent.ts'
import { reach } from './reach.ts'
import { ok, type Reachable } from './support.ts'

/** Retention with the bundled janitor under the role that the stack gives it, and with the program that providers have. */

const day = 86_400_000
let cloud: TestCloud
let receiver: Reachable
let agent: TestAgent
let source: string
/** Of the cloud's clock. The provider's program signs with the real one, so it comes last. */
let behind = 40 * day
const now = () => new Date(Date.now() - behind)
const at = (n: number) => new Date(Date.now() - 40 * day + n * 60_000).toISOString()

beforeAll(async () => {
  cloud = await startTestCloud({ now, timer: false })
  receiver = await reach(cloud, now)
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent, 'shop')
  ok(await receiver.admin('PUT', '/v1/admin/tenants/acme/retention', { minimumDays: 2, keep: noKeepRules }))
}, 120_000)
afterAll(() => cloud?.close())

async function provider(...args: string[]) {
  return run(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
}

function keysOf(snapshot: string): Promise<string[]> {
  const { s3Url: endpoint, region, admin: credentials, bucket } = cloud
  const vault = { bucket, client: new S3Client({ endpoint, region, forcePathStyle: true, credentials }) }
  const [folder, name] = snapshot.split('.') as [string, string]
  return collect(listVersions(vault, '')).then(versions =>
    versions.map(({ key }) => key).filter(key => key.includes(`${folder}/${name}/`)),
  )
}

describe('with the roles of the stack', () => {
  it('the janitor extends locks, tombstones, deletes by version, and cleans up what was left', async () => {
    const first = await backUp(agent, source, 'full', [fullEntry('a', 10, at(0))])
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, at(0), at(10))])
    const left = await stage(agent, await open(agent, await registerSource(agent, 'left')), [fullEntry('a', 10, at(0))])
    await upload(agent, left)
    behind -= 1.2 * day
    const later = await backUp(agent, source, 'log', [logEntry('a', 20, 30, at(10), at(1740))])
    await cloud.fire('janitor')
    behind -= 1.1 * day
    await cloud.fire('janitor')
    const { snapshots } = ok(await receiver.admin('GET', `/v1/admin/tenants/acme/sources/${source}/retention`))
    for (const { lockedUntil } of snapshots) expect(lockedUntil >= later.lockedUntil).toBe(true)

    await backUp(agent, source, 'full', [fullEntry('a', 30, at(3400))])
    const head = await backUp(agent, source, 'log', [logEntry('a', 30, 40, at(1740), at(3410))])
    for (const days of [4, 8, 8]) {
      behind -= days * day
      await cloud.fire('janitor')
    }
    for (const { snapshot } of [first, log, later]) expect(await keysOf(snapshot)).toEqual([])
    expect(await keysOf(head.snapshot)).toHaveLength(4)
    expect(await keysOf(left.snapshot)).toEqual([])
  }, 120_000)

  it('the provider sets and reads how long things are kept', async () => {
    behind = 0
    const set = await provider('retention', 'set', 'acme', 'shop', '--minimum-days', '3', '--weekly', '8')
    expect(set.stdout).toMatch(/minimum age +3 days[\s\S]*weekly +first and last full of each week, 8 back/)
    expect((await provider('retention', 'show', 'acme')).stdout).toMatch(/minimum age +2 days/)
    const preview = await provider('retention', 'preview', 'acme/shop')
    expect(preview.stdout).toMatch(/full .*first of week \d{4}-W\d\d/)
    expect(preview.stdout).toMatch(/\nkept +\d+ +\d+/)
    expect((await provider('retention', 'set', 'acme', 'shop', '--tenant-policy')).stdout).toMatch(
      /no policy of its own/,
    )
    const audit = JSON.parse((await provider('audit', 'acme', '--json')).stdout)
    const changes = audit.entries.filter(({ action }: { action: string }) => action === 'retention-changed')
    expect(changes.map(({ target }: { target: string }) => target)).toEqual([source, source])
    for (const [args, code, message] of [
      [['set', 'acme'], 2, /nothing to set/],
      [['set', 'acme', '--minimum-days', '0'], 1, /minimumDays/],
      [['preview', 'acme'], 2, /acme\/shop/],
      [['show', 'acme', 'nothing'], 1, /no source nothing/],
      [['show', 'nobody'], 1, /nobody/],
    ] as const) {
      const refused = await provider('retention', ...args)
      expect(refused.stderr).toMatch(message)
      expect(refused.code).toBe(code)
    }
  }, 60_000)
})
