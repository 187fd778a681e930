import { GetObjectRetentionCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { vi } from 'vitest'
import { Snapshot } from '../../lambdas/catalogue/snapshots.ts'
import { collect, prefixed, query } from '../../lambdas/catalogue/table.ts'
import { janitorVault } from '../../lambdas/janitor/janitor-vault.ts'
import type { JanitorPorts } from '../../lambdas/janitor/ports.ts'
import { work } from '../../lambdas/janitor/work.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { fullEntry, logEntry, position } from './agent.ts'
import type { Death } from './faults.ts'
import { bucket, credentials, startReceiver, type TestReceiver } from './support.ts'

export const day = 86_400

/** A receiver whose clock is everybody's: moved, it moves S3's locks and signatures, the catalogue and the host's with it. */
export async function startReceiverInTime(from: string): Promise<TestReceiver> {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(from) })
  const receiver = await startReceiver({ MINIMUM_DAYS: 5 })
  Object.defineProperty(receiver.clock, 'now', { get: () => new Date(), set: (now: Date) => vi.setSystemTime(now) })
  return receiver
}

export async function stopReceiverInTime(receiver: TestReceiver | undefined): Promise<void> {
  await receiver?.[Symbol.asyncDispose]()
  vi.useRealTimers()
}

export function janitorPorts(receiver: TestReceiver, death?: Death): JanitorPorts {
  const options = { endpoint: receiver.s3Url, region: 'us-east-1', credentials, forcePathStyle: true }
  const vault = janitorVault(bucket, options)
  const { catalogue } = receiver.ports
  return {
    ...receiver.ports,
    catalogue: death?.table(catalogue) ?? catalogue,
    vault: death ? { ...vault, ...death.vault(vault), listVersions: vault.listVersions } : vault,
  }
}

/** One invocation of the janitor, that may die at one of its calls, or have less time. */
export async function clean(
  receiver: TestReceiver,
  { death, remaining = () => 840_000 }: { death?: Death; remaining?: () => number } = {},
): Promise<void> {
  await work(janitorPorts(receiver, death), remaining)
}

export function snapshotsOf({ ports }: TestReceiver, source: string): Promise<Snapshot[]> {
  return Promise.all(
    ['D#', 'L#'].map(prefix => collect(query(ports.catalogue, Snapshot, prefixed(`S#${source}`, prefix)))),
  ).then(lanes => lanes.flat())
}

export async function stateOf(receiver: TestReceiver, snapshot: string): Promise<Snapshot['state'] | undefined> {
  const found = (await snapshotsOf(receiver, snapshot.slice(0, 26))).find(each => each.snapshot === snapshot)
  return found?.state
}

export interface Version {
  key: string
  versionId: string
  lockedUntil: Date | undefined
}

/** Everything of a snapshot, or of a source, that lies in the vault, and how long it is locked. */
export async function versionsOf({ s3 }: TestReceiver, id: string): Promise<Version[]> {
  const versions: Version[] = []
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, ...marker }))
    if (page.DeleteMarkers?.length) throw new Error('somebody wrote a delete marker')
    for (const { Key, VersionId } of page.Versions ?? [])
      if (Key!.includes(id.replace('.', '/')))
        versions.push({ key: Key!, versionId: VersionId!, lockedUntil: await lockOf(s3, Key!, VersionId!) })
    if (!page.IsTruncated) return versions
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  }
}

async function lockOf(s3: TestReceiver['s3'], Key: string, VersionId: string): Promise<Date | undefined> {
  try {
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket: bucket, Key, VersionId }))
    return Retention?.RetainUntilDate
  } catch (error) {
    if ((error as Error).name === 'NoSuchObjectLockConfiguration') return undefined
    throw error
  }
}

export async function uploadsOf({ s3 }: TestReceiver, id: string): Promise<string[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.map(({ Key }) => Key!).filter(key => key.includes(id.replace('.', '/')))
}

/** A host that does not lie: its positions grow with its clock. */
export class HonestHost {
  #logged = 10
  #since: string

  constructor(clock: { now: Date }) {
    this.#since = clock.now.toISOString()
  }

  full(now: Date, unit = 'server'): UnitEntry {
    return fullEntry(unit, this.#logged, now.toISOString())
  }

  log(now: Date, unit = 'server'): UnitEntry {
    const entry = logEntry(unit, this.#logged, this.#logged + 10, this.#since, now.toISOString())
    this.#logged += 10
    this.#since = now.toISOString()
    return entry
  }

  get position() {
    return position(this.#logged)
  }
}
