import { type SnapshotId, type SourceId, ulidOf } from '../../shared/ids.ts'
import type { Lane, SnapshotKind } from '../../shared/snapshot.ts'
import type { Ledger } from '../expectations/ledger.ts'
import { lanePrefix } from './keys.ts'
import { Snapshot } from './snapshots.ts'
import { collect, query, type Table } from './table.ts'

/** As much of a committed snapshot as expectations need. */
export interface Committed {
  snapshot: SnapshotId
  kind: SnapshotKind
  receivedAt: string
  storedBytes: number
  warnings: string[]
}

export interface LaneNews {
  /** Newly committed, in order of opening. */
  committed: Committed[]
  read: NonNullable<Ledger['read'][Lane]>
  /** A commit has begun and is not finished. */
  committing: boolean
}

/** A source that was never read (its catalogue was rebuilt) begins with its last snapshots. */
const firstRead = 30

/**
 * What a lane has committed since it was last read. Snapshots are opened in order, but one may be committed after its successors: reading goes
 * on from the first that has not ended.
 */
export async function laneNews(
  table: Table,
  source: SourceId,
  lane: Lane,
  last: Ledger['read'][Lane],
): Promise<LaneNews> {
  const known = new Set(last?.ahead)
  const news: LaneNews = { committed: [], read: { upTo: last?.upTo ?? '', ahead: [] }, committing: false }
  let allEnded = true
  for await (const item of await snapshotsAfter(table, source, lane, last?.upTo)) {
    const ended = item.state !== 'open' && item.state !== 'committing'
    if (item.state === 'committing') news.committing = true
    allEnded &&= ended
    if (allEnded) news.read.upTo = ulidOf(item.snapshot)
    if (item.state !== 'committed') continue
    if (!allEnded) news.read.ahead.push(item.snapshot)
    if (known.has(item.snapshot)) continue
    const { snapshot, kind, receivedAt, totals, warnings } = item
    news.committed.push({ snapshot, kind, receivedAt, storedBytes: totals.storedBytes, warnings })
  }
  return news
}

async function snapshotsAfter(table: Table, source: SourceId, lane: Lane, upTo: string | undefined) {
  const range = { PK: `S#${source}`, from: lanePrefix[lane], to: `${lanePrefix[lane]}\uffff`, pageSize: 50 }
  if (upTo === '') return query(table, Snapshot, range)
  if (upTo !== undefined) return query(table, Snapshot, { ...range, from: `${lanePrefix[lane]}${upTo}~` })
  return (await collect(take(query(table, Snapshot, { ...range, backwards: true }), firstRead))).reverse()
}

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  for await (const item of items) {
    yield item
    if (--count === 0) return
  }
}
