import { type SourceId, ulidOf } from '../../shared/ids.ts'
import { type Moment, withoutMarks } from '../../shared/planner/plan.ts'
import { holdsStarts, unitsAt } from '../../shared/planner/units.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { earlyFor, History, ulidAt } from './history.ts'

const day = 86_400_000

/** So many snapshots of the data lane are looked through for a good one, when every one so far was found bad. */
const searched = 100

/** Whether these, the newest so far of the data lane, hold something to start from for every unit. */
export function holdsEnough(data: CommittedSnapshot[], at?: string, units?: string[]): boolean {
  return holdsStarts(data, at, units) || (data.length >= searched && holdsStarts(withoutMarks(data), at, units))
}

/**
 * Only what a restore to `moment` is likely to need: the data lane backwards until there is a full for every unit, the log lane
 * from there to the moment. Clocks and lost logs may make more necessary: where this does not lead there, more is read.
 */
export async function nearHistory(
  table: Table,
  source: SourceId,
  moment: Moment,
  units: string[] | undefined,
): Promise<History> {
  const history = new History(table, units)
  switch (moment.kind) {
    case 'latest':
      await addNear(history, table, source, undefined, units)
      return history
    case 'at':
      // what the engine's clock calls that moment was hardly opened more than a day later on ours
      await addNear(history, table, source, moment.at, units, ulidAt(Date.parse(moment.at) + day))
      return history
    case 'snapshot':
      await addNearSnapshot(history, table, source, moment.snapshot)
      return history
  }
}

async function addNearSnapshot(history: History, table: Table, source: SourceId, id: string): Promise<void> {
  const item = await findSnapshot(table, id)
  if (item?.state !== 'committed' || item.source !== source) throw new ProblemError('not-found', 'no such snapshot')
  const asked = await history.add(item)
  if (item.lane === 'log') {
    const units = asked.units.map(({ unit }) => unit)
    return addNear(history, table, source, undefined, units, ulidOf(id))
  }
  for (const base of new Set(asked.units.map(entry => entry.base))) {
    const found = base === null ? undefined : await findSnapshot(table, base)
    if (found?.state === 'committed') await history.add(found)
  }
}

async function addNear(
  history: History,
  table: Table,
  source: SourceId,
  at: string | undefined,
  units: string[] | undefined,
  before?: string,
): Promise<void> {
  const data: CommittedSnapshot[] = []
  for await (const item of committedOn(table, source, 'data', { before, backwards: true })) {
    data.push(await history.add(item))
    if (holdsEnough(data, at, units)) break
  }
  const oldest = data.at(-1)
  if (!oldest) return
  await addLogsBefore(history, table, source, data)
  const waiting = new Set(units ?? unitsAt(data, at))
  for await (const item of committedOn(table, source, 'log', { after: ulidOf(oldest.snapshot), before })) {
    const { units: entries } = await history.add(item)
    if (at !== undefined)
      for (const entry of entries) if (Date.parse(entry.covers.to) >= Date.parse(at)) waiting.delete(entry.unit)
    if (waiting.size === 0) break
  }
}

/** A log that was opened before a full may reach into it, and be the first that the full needs. */
async function addLogsBefore(history: History, table: Table, source: SourceId, data: CommittedSnapshot[]) {
  const isEarly = earlyFor(data)
  const before = ulidOf(data.at(-1)!.snapshot)
  for await (const item of committedOn(table, source, 'log', { before, backwards: true }))
    if (isEarly(await history.add(item))) return
}
