import { type SnapshotId, sourceOf } from '../../shared/ids.ts'
import { findSnapshot, type Snapshot } from '../catalogue/snapshots.ts'
import { Unfinished } from '../commit/limits.ts'
import { metaKey } from '../vault/keys.ts'
import { type Folder, folders } from './folders.ts'
import { inspect, laterReceipts, type Proven } from './inspect.ts'
import type { RebuildPorts, Skipped } from './ports.ts'
import { restoreAgent, restoreOwners } from './restore-owners.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import { restoreTenant } from './restore-tenant.ts'
import { SourceWalk } from './source-walk.ts'

/*
 *   meta/ in the order of keys
 *     tenant ─▶ its newest export: tenant, agents, sources          (what is not there)
 *       source ─▶ snapshots, 16 at a time
 *                   in the catalogue? ─ passed
 *                   no receipt?       ─ never committed: passed over
 *                   receipt ─▶ every version it names, asked of S3 ─▶ manifest, packs, units ─▶ snapshot
 *       end of the source, or of the time ─▶ heads, last snapshot, chore
 *     end of the time ─▶ agents by their newest receipts
 *
 * Nothing that is there is written over, so that it may be interrupted anywhere, and run over a catalogue that is whole.
 */

export interface Rebuilt {
  /** The last key that is done; null at the end. */
  after: string | null
  restored: number
  present: number
  skipped: Skipped[]
  notes: string[]
  /** Snapshots put back, by tenant. */
  tenants: Map<string, number>
}

const atOnce = 16
/** So that an answer stays small. */
const mostTold = 1000

/**
 * Puts back what is missing in the catalogue, for as long as `deadline` allows: nothing is begun behind it.
 * @param after the last key that an earlier call did
 */
export async function rebuild(ports: RebuildPorts, after: string | undefined, deadline: number): Promise<Rebuilt> {
  const { catalogue, clock, vault } = ports
  const result: Rebuilt = { after: after ?? '', restored: 0, present: 0, skipped: [], notes: [], tenants: new Map() }
  const agents = new Map<string, Pick<Proven, 'receipt' | 'manifest'>>()
  let tenant: string | undefined
  let walk: SourceWalk | undefined
  let ended = true
  for await (const batch of batches(folders(vault, after))) {
    const mayGoOn = clock().getTime() <= deadline && result.skipped.length + result.notes.length < mostTold
    if (batch[0]!.tenant !== tenant && mayGoOn) {
      tenant = batch[0]!.tenant
      result.notes.push(...(await restoreTenant(ports, tenant)))
    }
    const snapshots = batch.filter(isSnapshot)
    const looks = mayGoOn ? await lookAtAll(ports, snapshots, deadline) : undefined
    if (!looks) {
      ended = false
      break
    }
    for (const { folder, known, proven, skipped } of looks) {
      const source = sourceOf(folder.snapshot)
      if (walk?.source !== source) {
        await walk?.end(catalogue, clock())
        walk = await SourceWalk.begin(catalogue, folder.tenant, source, folder.snapshot)
      }
      result.skipped.push(...skipped)
      if (known) {
        result.present += 1
        if (known.state === 'committed') walk.pass(known)
      }
      if (!proven) continue
      result.notes.push(...(await restoreOwners(ports, proven)), ...noteOfLock(proven))
      if (await restoreSnapshot(catalogue, proven, walk.heads)) {
        result.restored += 1
        result.tenants.set(folder.tenant, (result.tenants.get(folder.tenant) ?? 0) + 1)
      } else result.present += 1
      const { receipt, manifest } = proven
      walk.pass(receipt)
      const newest = agents.get(receipt.agent.id)
      if (!newest || newest.receipt.receivedAt < receipt.receivedAt) agents.set(receipt.agent.id, { receipt, manifest })
    }
    result.after = batch.at(-1)!.lastKey
  }
  await walk?.end(catalogue, clock())
  for (const newest of agents.values()) result.notes.push(...(await restoreAgent(ports, newest)))
  return ended ? { ...result, after: null } : result
}

/** Folders of one tenant, some at a time. */
async function* batches(all: AsyncIterable<Folder>): AsyncGenerator<Folder[]> {
  let batch: Folder[] = []
  for await (const folder of all) {
    if (batch.length === atOnce || (batch.length > 0 && batch[0]!.tenant !== folder.tenant)) {
      yield batch
      batch = []
    }
    batch.push(folder)
  }
  if (batch.length > 0) yield batch
}

type SnapshotFolder = Folder & { snapshot: SnapshotId }

function isSnapshot(folder: Folder): folder is SnapshotFolder {
  return folder.snapshot !== null
}

interface Look {
  folder: SnapshotFolder
  /** In the catalogue already. */
  known?: Snapshot
  proven?: Proven
  skipped: Skipped[]
}

/** @returns undefined when there is not the time for it */
async function lookAtAll(
  ports: RebuildPorts,
  snapshots: SnapshotFolder[],
  deadline: number,
): Promise<Look[] | undefined> {
  try {
    return await Promise.all(snapshots.map(folder => look(ports, folder, deadline)))
  } catch (error) {
    if (error instanceof Unfinished) return undefined
    throw error
  }
}

async function look(ports: RebuildPorts, folder: SnapshotFolder, deadline: number): Promise<Look> {
  const known = await findSnapshot(ports.catalogue, folder.snapshot)
  switch (known?.state) {
    case undefined:
      return { folder, ...(await inspect(ports, folder, deadline)) }
    case 'committed':
    case 'tombstoned':
      return { folder, known, skipped: laterReceipts(folder) }
    case 'open':
    case 'committing':
    case 'abandoned':
      return {
        folder,
        skipped: [
          { key: metaKey(folder, 'commit.json'), why: `the snapshot is ${known.state}: that is the janitor's` },
        ],
      }
  }
}

function noteOfLock({ receipt, lock }: Proven): string[] {
  return lock ? [] : [`Snapshot ${receipt.snapshot} has a version without a lock: somebody took it away.`]
}
