import { Failure } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { RestoreInput } from '../../engine.ts'
import { clockAt, isBefore, lower, offsetIn, scnOf } from '../position.ts'

/** Where recovery stops: before this SCN, or before this second on the clock of the server that was backed up; or it applies nothing, to files that were closed cleanly. */
export type Until = { scn: string } | { clock: string } | { closed: true }

export interface Reach {
  until: Until
  /** The state that comes of it, in words: an instant, or an SCN. */
  reached: string
  /** The clock was changed within the log that the moment lies in. */
  clockChanged: boolean
}

/** One redo thread: its full, and the newest log of it. */
interface Thread {
  full: UnitEntry
  last: UnitEntry
}

/**
 *     BEGIN BACKUP ─── END BACKUP ─┤ full ends         log      log
 *                       endScn     │ to ├─────────┤─────────┤ to
 *     nothing is restorable        └──── every SCN and every second
 *
 * @throws Failure `restore-place` for an SCN that does not lie there
 */
export function reachOf(input: Pick<RestoreInput, 'snapshots' | 'at' | 'before'>): Reach {
  const threads = threadsIn(input)
  const end = threads.map(({ last }) => scnOf(last.to.at)).reduce(lower)
  const { full } = threads[0]!
  if (full.info?.closed === 'true' && end === scnOf(full.to.at)) return asClosed(input.before, full)
  if (input.before !== undefined) return beforeScn(input.before, end, threads)
  const ended = earliest(threads.map(({ last }) => last.covers.to))
  if (input.at === null) return { until: { scn: end }, reached: ended, clockChanged: false }
  const second = (instant: string) => Math.floor(Date.parse(instant) / 1000)
  const fullEnded = latest(threads.map(({ full }) => full.covers.to))
  if (second(input.at) >= second(ended)) return { until: { scn: end }, reached: ended, clockChanged: false }
  if (second(input.at) <= second(fullEnded)) {
    const scn = threads.map(({ full }) => scnOf(full.to.at)).reduce(lower)
    return { until: { scn }, reached: fullEnded, clockChanged: false }
  }
  const { covers } = threads[0]!.last
  const offset = offsetIn(covers.to)
  return {
    until: { clock: clockAt(input.at, offset) },
    reached: input.at,
    clockChanged: offsetIn(covers.from) !== offset,
  }
}

/** Its redo was archived nowhere: there is no other state than that. */
function asClosed(before: string | undefined, { covers }: UnitEntry): Reach {
  if (before !== undefined)
    throw new Failure('restore-place', `Nothing leads to SCN ${before}`, {
      why: 'the database was copied while it was closed, and kept no archived logs',
      fix: 'Leave out --before; --snapshot names another full',
    })
  return { until: { closed: true }, reached: covers.to, clockChanged: false }
}

function beforeScn(place: string, end: string, threads: readonly Thread[]): Reach {
  const refused = (why: string, fix: string) =>
    new Failure('restore-place', `Nothing leads to SCN ${place}`, { why, fix })
  if (!/^\d{1,20}$/.test(place))
    throw new Failure('restore-place', `${place} is no SCN`, { fix: 'Give it as its digits: --before 1234567' })
  const first = threads[0]!.full.info?.endScn ?? '0'
  if (!isBefore(first, place))
    throw refused(
      `the copies of this full are consistent behind SCN ${first} only, where backup mode had ended`,
      'Name an earlier full with --snapshot, or a later SCN',
    )
  if (isBefore(end, place)) throw refused(`the redo that is backed up ends before SCN ${end}`, `Give ${end} at most`)
  return { until: { scn: place }, reached: `SCN ${place}`, clockChanged: false }
}

/** @throws Failure `restore-part` where there is no full */
function threadsIn({ snapshots }: Pick<RestoreInput, 'snapshots'>): Thread[] {
  const full = snapshots.findLast(({ kind }) => kind === 'full')
  if (!full) throw new Failure('restore-part', 'There is no full backup among what was fetched')
  return full.units.map(entry => {
    const logs = snapshots
      .filter(({ kind }) => kind === 'log')
      .flatMap(({ units }) => units.filter(({ unit, to }) => unit === entry.unit && to.stream === entry.to.stream))
    const last = logs.reduce((a, b) => (isFurther(b, a) ? b : a), entry)
    return { full: entry, last }
  })
}

function isFurther(a: UnitEntry, b: UnitEntry): boolean {
  return a.to.at > b.to.at || (a.to.at === b.to.at && Date.parse(a.covers.to) > Date.parse(b.covers.to))
}

const earliest = (instants: string[]) => instants.reduce((a, b) => (Date.parse(a) <= Date.parse(b) ? a : b))
const latest = (instants: string[]) => instants.reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b))
