import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Database } from '../inventory.ts'

/** Why another kind of backup than the wanted one is taken of a database. */
export interface Reason {
  code: string
  reason: string
}

/** The full that a differential of a database builds on. */
export interface Base {
  snapshot: string
  /** GUID of its backup set. */
  set: string
  /** The newest entry that is, or builds on, that full. */
  entry: UnitEntry
}

export function entryOf(head: LaneHeads['data'], { name }: Pick<Database, 'name'>): UnitEntry | undefined {
  return head?.units.find(({ unit }) => unit === name)
}

/** Whether an entry is of this very database, in the log history that it has now; if not, why. */
export function otherHistory({ info, to }: UnitEntry, database: Database): Reason | undefined {
  if (info?.family !== database.family)
    return { code: 'REPLACED', reason: 'it was dropped and made anew, or replaced by another one' }
  if (info?.guid !== database.guid || to.stream !== database.fork)
    return { code: 'RESTORED', reason: 'it was restored since the last backup' }
  return undefined
}

/** Looks at what every data file says of its base: our own full, or somebody has taken another one since. */
export function baseOf(database: Database, { data }: Pick<LaneHeads, 'data'>): Base | Reason {
  const entry = entryOf(data, database)
  if (!data || !entry) return { code: 'NO_BASE', reason: 'there is no full backup of it' }
  const other = otherHistory(entry, database)
  if (other) return other
  const { info = {} } = entry
  const [snapshot, set] = entry.kind === 'full' ? [data.snapshot, info.set] : [entry.base!, info.base]
  if (info.copyOnly === 'true' || set === undefined)
    return { code: 'BASE_COPY_ONLY', reason: 'its last full backup was COPY_ONLY, which no differential builds on' }
  const bases = new Set(database.files.map(({ differentialBase }) => differentialBase).filter(base => base !== null))
  if (bases.size > 1)
    return { code: 'FILE_BACKUPS', reason: 'single files of it were backed up by others since the last full backup' }
  if (!bases.has(set)) return { code: 'FOREIGN_FULL', reason: 'somebody else took a full backup of it' }
  return { snapshot, set, entry }
}

export function isBase(found: Base | Reason): found is Base {
  return 'set' in found
}
