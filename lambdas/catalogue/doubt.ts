import { type SnapshotId, type SourceId, ulidOf } from '../../shared/ids.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { committedOn } from './history.ts'
import { type Committed, findSnapshot } from './snapshots.ts'
import type { Table } from './table.ts'
import { withUnits } from './units.ts'

/** Whether the newest state of a source needs a snapshot that was found bad: its newest full or differential, what that is taken on, or a log since. */
export async function isInDoubt(table: Table, source: SourceId): Promise<boolean> {
  const data = await newestData(table, source)
  if (data?.bad) return true
  if (data?.kind === 'differential' && (await isTakenOnBad(table, (await withUnits(table, data)).units))) return true
  const after = data && ulidOf(data.snapshot)
  for await (const { bad } of committedOn(table, source, 'log', { after, pageSize: 'largest' })) if (bad) return true
  return false
}

/** Whether a full that a differential's units are taken on was found bad, or is gone. */
export async function isTakenOnBad(table: Table, units: UnitEntry[]): Promise<boolean> {
  const bases = new Set(units.flatMap(({ base }): SnapshotId[] => (base ? [base] : [])))
  const found = await Promise.all([...bases].map(base => findSnapshot(table, base)))
  return found.some(base => base?.state !== 'committed' || base.bad === true)
}

async function newestData(table: Table, source: SourceId): Promise<Committed | undefined> {
  for await (const data of committedOn(table, source, 'data', { backwards: true, pageSize: 1 })) return data
  return undefined
}
