import { rollsFrom } from '../../shared/planner/chain.ts'
import type { Position } from '../../shared/position.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot, UnitEntry } from '../../shared/snapshot.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'

/** What is kept of a snapshot's item beside what the planner wants: not its unit list, which may be long, a second time. */
export type Planned = Omit<Committed, 'units'>

/** Some 300 bytes each: more do not fit into the memory of the function. */
const entriesHeld = 600_000

/** Snapshots as the planner wants them, and what the catalogue says of them besides. */
export class History {
  readonly snapshots: CommittedSnapshot[] = []
  readonly items = new Map<string, Planned>()
  readonly #table: Table
  readonly #only: ReadonlySet<string> | undefined
  readonly #texts = new Map<string, string>()
  #entries = 0

  /** @param units those that matter; all when left out */
  constructor(table: Table, units?: readonly string[]) {
    this.#table = table
    this.#only = units && new Set(units)
  }

  /** @throws ProblemError `invalid-request` when there are more entries than one answer can be worked out from */
  async add(item: Committed): Promise<CommittedSnapshot> {
    const { units: _units, ...rest } = item
    const snapshot = await withUnits(this.#table, item, this.#only)
    if (this.items.has(item.snapshot)) return snapshot
    this.#entries += snapshot.units.length
    if (this.#entries > entriesHeld)
      throw new ProblemError('invalid-request', `the backups that lead there have more than ${entriesHeld} units`, {
        fix: 'Name the units that are wanted, fewer at a time',
      })
    for (const entry of snapshot.units) this.#share(entry)
    this.snapshots.push(snapshot)
    this.items.set(item.snapshot, rest)
    return snapshot
  }

  /** Where one log ends the next one starts, and all name the same units: equal texts are held once. */
  #share(entry: UnitEntry): void {
    const shared = (text: string) => {
      const known = this.#texts.get(text)
      if (known === undefined) this.#texts.set(text, text)
      return known ?? text
    }
    entry.unit = shared(entry.unit)
    if (entry.base !== null) entry.base = shared(entry.base)
    for (const position of [entry.from, entry.to]) if (position) share(position)
    entry.covers = { from: shared(entry.covers.from), to: shared(entry.covers.to) }
    delete entry.info // of no use for planning

    function share(position: Position): void {
      position.stream = shared(position.stream)
      position.at = shared(position.at)
    }
  }
}

/** Whether a log lies before everything that these snapshots of the data lane need of the log lane. */
export function earlyFor(data: readonly CommittedSnapshot[]): (log: CommittedSnapshot) => boolean {
  const starts = new Map<string, Position[]>()
  for (const snapshot of data)
    for (const entry of snapshot.units) {
      const start = rollsFrom({ snapshot, entry, ended: 0 })
      const known = starts.get(entry.unit)
      if (known) known.push(start)
      else starts.set(entry.unit, [start])
    }
  return ({ units }) =>
    units.every(({ unit, from }) =>
      (starts.get(unit) ?? []).every(start => from === null || from.stream !== start.stream || from.at <= start.at),
    )
}

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The least ULID of an instant. */
export function ulidAt(instant: number): string {
  let time = Math.max(0, Math.floor(instant))
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = digits[time % 32] + text
    time = Math.floor(time / 32)
  }
  return text + '0'.repeat(16)
}

/** The instant of a ULID, in epoch milliseconds. */
export function timeOf(ulid: string): number {
  let time = 0
  for (const digit of ulid.slice(0, 10)) time = time * 32 + digits.indexOf(digit)
  return time
}
