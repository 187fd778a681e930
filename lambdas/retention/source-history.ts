import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import type { Retained } from '../../shared/retention-plan.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { lanePrefix, snapshotKey } from '../catalogue/keys.ts'
import { Snapshot, type SnapshotIn } from '../catalogue/snapshots.ts'
import { prefixed, query, read, type Table } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'

/** A snapshot that was committed once and is in the vault still. */
export type Stored = SnapshotIn<'committed' | 'tombstoned'>

/** What retention looks at of such a snapshot, and no more: a source may have hundreds of thousands. Who changes one reads its item (`findStored`). */
export interface Held extends Retained {
  lockedUntil: string
  storedBytes: number
  /** Since when it is tombstoned. */
  tombstonedAt: string | undefined
}

export interface SourceHistory {
  /** By id. */
  stored: Map<string, Held>
  /** What retention decides about: committed, or tombstoned and not being deleted. */
  retained: Held[]
  /** Not committed; but for abandoned ones of which nothing is left. */
  unfinished: { snapshot: SnapshotId; state: 'open' | 'committing' | 'abandoned' }[]
}

/** An abandoned snapshot that ends with its time has nothing in the vault any more (removal.ts); there may be very many. */
const hasContent = {
  expression: '#state <> :abandoned OR attribute_not_exists(#ttl)',
  values: { ':abandoned': 'abandoned' },
}

/** Reads a source's history once. */
export async function readSourceHistory(table: Table, source: SourceId): Promise<SourceHistory> {
  const history: SourceHistory = { stored: new Map(), retained: [], unfinished: [] }
  const compact = compactor()
  for (const prefix of Object.values(lanePrefix))
    for await (const item of query(table, Snapshot, prefixed(`S#${source}`, prefix), hasContent)) {
      const { snapshot, state } = item
      if (state !== 'committed' && state !== 'tombstoned') {
        history.unfinished.push({ snapshot, state })
        continue
      }
      const isGoing = item.state === 'tombstoned' && item.deletingSince !== undefined
      const { units } = isGoing ? { units: [] } : await withUnits(table, { ...item, state: 'committed' })
      const held: Held = {
        snapshot,
        lane: item.lane,
        kind: item.kind,
        receivedAt: item.receivedAt,
        units: units.map(compact),
        minimumDays: item.minimumDays,
        lockedUntil: item.lockedUntil,
        storedBytes: item.totals.storedBytes,
        tombstonedAt: item.state === 'tombstoned' ? item.tombstonedAt : undefined,
        ...(item.bad === undefined ? {} : { bad: item.bad }),
      }
      history.stored.set(snapshot, held)
      if (!isGoing) history.retained.push(held)
    }
  return history
}

/** The item as it is now; undefined once it is gone. */
export async function findStored(table: Table, { snapshot, lane }: Held): Promise<Stored | undefined> {
  const item = await read(table, Snapshot, snapshotKey(snapshot, lane))
  return item?.state === 'committed' || item?.state === 'tombstoned' ? item : undefined
}

/** Unit lists can be long: holds what retention looks at, and a text that many entries share, or one and the next of a unit, once. */
function compactor(): (entry: UnitEntry) => UnitEntry {
  const names = new Map<string, string>()
  const last = new Map<string, UnitEntry>()
  const name = (text: string) => {
    const known = names.get(text)
    if (known === undefined) names.set(text, text)
    return known ?? text
  }
  return ({ unit, kind, base, from, to, covers }) => {
    const before = last.get(unit)
    const known = [before?.to.at, before?.covers.to]
    const same = (text: string) => known.find(each => each === text) ?? text
    const entry: UnitEntry = {
      unit: name(unit),
      kind,
      base,
      from: from && { stream: name(from.stream), at: same(from.at) },
      to: { stream: name(to.stream), at: same(to.at) },
      covers: { from: same(covers.from), to: same(covers.to) },
    }
    last.set(entry.unit, entry)
    return entry
  }
}
