import { type SourceId, ulidOf } from '../../shared/ids.ts'
import { rollsFrom } from '../../shared/planner/chain.ts'
import type { Moment } from '../../shared/planner/plan.ts'
import { holdsStarts, unitsAt } from '../../shared/planner/units.ts'
import type { Position } from '../../shared/position.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot, UnitEntry } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { type Committed, findSnapshot } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'

/** Snapshots as the planner wants them, and the catalogue's items behind them. */
export class History {
  readonly snapshots: CommittedSnapshot[] = []
  readonly items = new Map<string, Committed>()
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
  }

  async add(item: Committed): Promise<CommittedSnapshot> {
    const snapshot = await withUnits(this.#table, item)
    if (!this.items.has(item.snapshot)) this.snapshots.push(snapshot)
    this.items.set(item.snapshot, item)
    return snapshot
  }
}

/** Everything that was ever committed of a source. */
export async function wholeHistory(table: Table, source: SourceId): Promise<History> {
  const history = new History(table)
  for (const lane of ['data', 'log'] as const)
    for await (const item of committedOn(table, source, lane)) await history.add(item)
  return history
}

/**
 * Only what a restore to `moment` is likely to need: the data lane backwards until there is a full for every unit, the log lane
 * from there to the moment. Clocks and lost logs may make more necessary: where this does not lead there, the whole history decides.
 */
export async function nearHistory(
  table: Table,
  source: SourceId,
  moment: Moment,
  units: string[] | undefined,
): Promise<History> {
  switch (moment.kind) {
    case 'latest':
      return nearTime(table, source, undefined, units, {})
    case 'at':
      return nearTime(table, source, moment.at, units, { before: ulidAfter(moment.at) })
    case 'snapshot':
      return nearSnapshot(table, source, moment.snapshot)
  }
}

async function nearSnapshot(table: Table, source: SourceId, id: string): Promise<History> {
  const item = await findSnapshot(table, id)
  if (item?.state !== 'committed' || item.source !== source) throw new ProblemError('not-found', 'no such snapshot')
  const history = new History(table)
  const asked = await history.add(item)
  if (item.lane === 'log') {
    const until = { before: ulidOf(id) }
    const units = asked.units.map(({ unit }) => unit)
    const near = await nearTime(table, source, undefined, units, until)
    for (const earlier of near.items.values()) await history.add(earlier)
    return history
  }
  for (const base of new Set(asked.units.map(entry => entry.base))) {
    const found = base === null ? undefined : await findSnapshot(table, base)
    if (found?.state === 'committed') await history.add(found)
  }
  return history
}

async function nearTime(
  table: Table,
  source: SourceId,
  at: string | undefined,
  units: string[] | undefined,
  range: { before?: string },
): Promise<History> {
  const history = new History(table)
  let oldest: string | undefined
  for await (const item of committedOn(table, source, 'data', { ...range, backwards: true })) {
    oldest = ulidOf(item.snapshot)
    await history.add(item)
    if (holdsStarts(history.snapshots, at, units)) break
  }
  if (oldest === undefined) return history
  const wanted = new Set(units ?? unitsAt(history.snapshots, at))
  await addLogsBefore(history, table, source, oldest)
  const waiting = new Set(wanted)
  for await (const item of committedOn(table, source, 'log', { after: oldest, ...range })) {
    const { units: entries } = await history.add(item)
    if (at !== undefined)
      for (const entry of entries) if (Date.parse(entry.covers.to) >= Date.parse(at)) waiting.delete(entry.unit)
    if (waiting.size === 0) break
  }
  return history
}

/** A log that was opened before a full may reach into it, and be the first that the full needs. */
async function addLogsBefore(history: History, table: Table, source: SourceId, before: string): Promise<void> {
  const starts = new Map<string, Position[]>()
  for (const snapshot of history.snapshots)
    for (const entry of snapshot.units)
      starts.set(entry.unit, [...(starts.get(entry.unit) ?? []), rollsFrom({ snapshot, entry, ended: 0 })])
  const isEarly = (entry: UnitEntry) =>
    (starts.get(entry.unit) ?? []).every(
      start => entry.from === null || entry.from.stream !== start.stream || entry.from.at <= start.at,
    )
  for await (const item of committedOn(table, source, 'log', { before, backwards: true })) {
    const { units } = await history.add(item)
    if (units.every(isEarly)) return
  }
}

/** The first ULID a day after an instant: what the engine's clock calls that moment was hardly opened later on ours. */
function ulidAfter(instant: string): string {
  let time = Math.max(0, Date.parse(instant) + 86_400_000)
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[time % 32] + text
    time = Math.floor(time / 32)
  }
  return text + '0'.repeat(16)
}
