import type { TimelineSnapshot } from '../../shared/api/restore.ts'
import { type SourceId, ulidOf } from '../../shared/ids.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { type Committed, findSnapshot } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { unitBytesOf, withUnits } from '../catalogue/units.ts'
import { escapedBytes } from '../http/escaped.ts'
import { ulidAt } from './history.ts'
import { allowsSnapshot, type Scope } from './scope.ts'

/** A page ends before it is longer than this; a single snapshot is never longer than `snapshotBytes` and a little. */
const pageBytes = 2_000_000
const snapshotBytes = 1_000_000
const unitsShown = 1000
/** Looked at for one page, when few of them may be shown: snapshots, and bytes of unit lists. */
const looked = { snapshots: 1000, bytes: 48 * 1024 ** 2 }

interface Wanted {
  limit: number
  /** A ULID, or an instant in epoch milliseconds; neither included. */
  before: string | { until: number } | undefined
  /** All when left out. */
  units: string[] | undefined
}

/** Snapshots of both lanes, newest first, that the holder may see. */
export async function snapshotsPage(
  table: Table,
  source: SourceId,
  scope: Scope,
  { limit, before, units }: Wanted,
): Promise<{ snapshots: TimelineSnapshot[]; next: string | null }> {
  const only = units && new Set(units)
  const start = typeof before === 'object' ? ulidAt(before.until) : before
  const snapshots: TimelineSnapshot[] = []
  let bytes = 0
  const seen = { snapshots: 0, bytes: 0 }
  let last: string | undefined
  const items =
    scope.snapshots === null ? newestFirst(table, source, start, limit) : these(table, scope.snapshots, start)
  for await (const item of items) {
    const enough = seen.snapshots === looked.snapshots || seen.bytes > looked.bytes
    if (last !== undefined && (snapshots.length === limit || bytes > pageBytes || enough))
      return { snapshots, next: last }
    seen.snapshots++
    seen.bytes += unitBytesOf(item)
    last = ulidOf(item.snapshot)
    const snapshot = await withUnits(table, item, only)
    if ((only || scope.since !== null || scope.until !== null) && !allowsSnapshot(scope, item.snapshot, snapshot.units))
      continue
    const shown = shownOf(item, snapshot.units)
    bytes += escapedBytes(shown)
    snapshots.push(shown)
  }
  return { snapshots, next: null }
}

async function* newestFirst(
  table: Table,
  source: SourceId,
  before: string | undefined,
  pageSize: number,
): AsyncGenerator<Committed> {
  const range = { before, backwards: true, pageSize }
  const lanes = [committedOn(table, source, 'data', range), committedOn(table, source, 'log', range)] as const
  let [data, log] = [(await lanes[0].next()).value, (await lanes[1].next()).value]
  while (data || log) {
    if (data && (!log || data.snapshot > log.snapshot)) {
      yield data
      data = (await lanes[0].next()).value
    } else if (log) {
      yield log
      log = (await lanes[1].next()).value
    }
  }
}

async function* these(table: Table, ids: string[], before: string | undefined): AsyncGenerator<Committed> {
  for (const id of ids.toSorted().reverse()) {
    if (before !== undefined && ulidOf(id) >= before) continue
    const item = await findSnapshot(table, id)
    if (item?.state === 'committed') yield item
  }
}

function shownOf(item: Committed, entries: UnitEntry[]): TimelineSnapshot {
  const { snapshot, lane, kind, receivedAt, bad, agent, lockedUntil, totals, proof, warnings } = item
  const { sourceBytes, sealedBytes, artefacts } = totals
  const units: UnitEntry[] = []
  let bytes = 0
  for (const entry of entries.slice(0, unitsShown)) {
    bytes += escapedBytes(entry)
    if (bytes > snapshotBytes) break
    units.push(entry)
  }
  return {
    snapshot,
    lane,
    kind,
    receivedAt,
    units,
    unitCount: entries.length,
    ...(bad === undefined ? {} : { bad }),
    agent,
    lockedUntil,
    sourceBytes,
    sealedBytes,
    artefacts,
    proof: proof ?? null,
    warnings,
  }
}
