import { z } from 'zod'
import type { SnapshotId } from '../../shared/ids.ts'
import { inQueue } from './by-time.ts'
import { contentKey, packKey, snapshotKey, ttl } from './keys.ts'
import { PackItem } from './packs.ts'
import type { Snapshot } from './snapshots.ts'
import { isRefused, query, remove, type Table, update } from './table.ts'

/** What the janitor writes when it takes a snapshot's things away. Every step can be repeated, and met by another janitor. */

/** Days that an abandoned snapshot's item stays to be looked at. */
const abandonedDays = 30

const Item = z.object({ PK: z.string(), SK: z.string() })

/** The packs from number `from` on, lazily: they may be removed meanwhile. */
export function packsFrom(table: Table, snapshot: SnapshotId, from = 1): AsyncGenerator<PackItem> {
  const { PK, SK } = packKey(snapshot, from)
  return query(table, PackItem, { PK, from: SK, to: 'P#\uffff', pageSize: 200 })
}

export function removePackItem(table: Table, snapshot: SnapshotId, n: number): Promise<void> {
  return remove(table, { key: packKey(snapshot, n) })
}

/** What is left when its packs are gone: the manifest, the unit list's pieces. */
export async function removeContent(table: Table, snapshot: SnapshotId): Promise<void> {
  const everything = { PK: contentKey(snapshot), from: '!', to: '\uffff' }
  for await (const { PK, SK } of query(table, Item, everything)) await remove(table, { key: { PK, SK } })
}

/** Looks at a snapshot of the queue `LIVE` again at `due`, unless it has come into another state meanwhile. */
export function postponeLive(table: Table, snapshot: Snapshot, due: Date): Promise<void> {
  const { gpk, gsk } = inQueue('LIVE', snapshot.snapshot, due)
  return ifStill(table, snapshot, 'SET #gpk = :gpk, #gsk = :gsk', { ':gpk': gpk, ':gsk': gsk })
}

/** Nothing of it is left in the vault. */
export function endAbandoned(table: Table, snapshot: Snapshot, now: Date): Promise<void> {
  const until = ttl(new Date(now.getTime() + abandonedDays * 86_400_000))
  return ifStill(table, snapshot, 'SET #ttl = :ttl REMOVE #gpk, #gsk', { ':ttl': until })
}

export function endStrays(table: Table, snapshot: Snapshot): Promise<void> {
  return ifStill(table, snapshot, 'REMOVE #strays, #gpk, #gsk', {})
}

async function ifStill(table: Table, { snapshot, lane, state }: Snapshot, change: string, values: object) {
  try {
    await update(table, {
      key: snapshotKey(snapshot, lane),
      update: change,
      condition: '#state = :state',
      values: { ':state': state, ...values },
    })
  } catch (error) {
    if (!isRefused(error)) throw error
  }
}
