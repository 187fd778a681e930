import type { SourceId } from '../../shared/ids.ts'
import type { Retained } from '../../shared/retention-plan.ts'
import { lanePrefix } from '../catalogue/keys.ts'
import { Snapshot, type SnapshotIn } from '../catalogue/snapshots.ts'
import { prefixed, query, type Table } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'

/** A snapshot that was committed once and is in the vault still. */
export type Stored = SnapshotIn<'committed' | 'tombstoned'>

export interface SourceHistory {
  /** All snapshots of the source in whatever state, without their unit lists; but for abandoned ones of which nothing is left. */
  items: Snapshot[]
  /** What retention decides about: committed, or tombstoned and not being deleted. */
  retained: Retained[]
  stored: Map<string, Stored>
}

/** An abandoned snapshot that ends with its time has nothing in the vault any more (removal.ts); there may be very many. */
const hasContent = {
  expression: '#state <> :abandoned OR attribute_not_exists(#ttl)',
  values: { ':abandoned': 'abandoned' },
}

/** Reads a source's history once. Unit lists can be long: what is held of them is what retention looks at. */
export async function readSourceHistory(table: Table, source: SourceId): Promise<SourceHistory> {
  const history: SourceHistory = { items: [], retained: [], stored: new Map() }
  const texts = new Map<string, string>()
  /** The same name, stream or position in many entries is held once. */
  const shared = (text: string): string => {
    const known = texts.get(text)
    if (known !== undefined) return known
    texts.set(text, text)
    return text
  }
  for (const prefix of Object.values(lanePrefix))
    for await (const item of query(table, Snapshot, prefixed(`S#${source}`, prefix), hasContent)) {
      if (item.state !== 'committed' && item.state !== 'tombstoned') {
        history.items.push(item)
        continue
      }
      const { units: _units, ...rest } = item
      history.items.push(rest)
      history.stored.set(item.snapshot, rest)
      if (item.state === 'tombstoned' && item.deletingSince !== undefined) continue
      const snapshot = await withUnits(table, { ...item, state: 'committed' })
      const units = snapshot.units.map(({ unit, kind, base, from, to, covers }) => ({
        unit: shared(unit),
        kind,
        base: base && shared(base),
        from: from && { stream: shared(from.stream), at: shared(from.at) },
        to: { stream: shared(to.stream), at: shared(to.at) },
        covers: { from: shared(covers.from), to: shared(covers.to) },
      }))
      history.retained.push({ ...snapshot, units, minimumDays: item.minimumDays })
    }
  return history
}
