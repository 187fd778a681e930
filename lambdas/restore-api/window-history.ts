import { type SourceId, ulidOf } from '../../shared/ids.ts'
import type { CommittedSnapshot, Lane } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { type Committed, findSnapshot } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { unitBytesOf } from '../catalogue/units.ts'
import { earlyFor, History, timeOf, ulidAt } from './history.ts'
import { holdsEnough } from './near-history.ts'

/** By when snapshots were opened, on the receiver's clock; epoch milliseconds. */
export interface Window {
  from: number
  /** Not included; Infinity for no end. */
  until: number
}

export interface WindowHistory {
  history: History
  /** It starts later than was asked when there is more than one answer can be worked out from. */
  from: number
  /** Nothing was committed before it that was not read. */
  complete: boolean
  /** What of the data lane leads into the window, newest first. */
  leadIn: CommittedSnapshot[]
}

/** Items and unit lists of each lane that may be read for a window. The chain that leads into it comes on top. */
const windowBytes = 32 * 1024 ** 2
/** Of an item without its unit list. */
const itemBytes = 1000

/**
 * Everything that was opened in a window of time, and the chain that leads into it:
 *
 *                 from                     until
 *     data   F  D  │  F      D      F      D │
 *     log    l l l │l l l l l l l l l l l l l│
 *            └─────┴── the oldest full that is needed for what is restorable at `from`
 *
 * How much is read depends on the window and that chain, not on how long the source has been backed up.
 */
export async function windowHistory(
  table: Table,
  source: SourceId,
  window: Window,
  units?: string[],
): Promise<WindowHistory> {
  const history = new History(table, units)
  const before = window.until === Number.POSITIVE_INFINITY ? undefined : ulidAt(window.until)
  let from = ulidAt(window.from)
  let complete = true

  const data: CommittedSnapshot[] = []
  const opensBefore = ({ snapshot }: { snapshot: string }) => ulidOf(snapshot) < from
  let spent = 0
  for await (const item of backwardsFrom('data', from)) {
    const last = data.at(-1)
    if (!opensBefore(item)) spent += bytesOf(item)
    if (!opensBefore(item) && spent > windowBytes && last) from = ulidOf(last.snapshot)
    data.push(await history.add(item))
    if (opensBefore(item) && holdsEnough(data.filter(opensBefore))) {
      complete = false
      break
    }
  }
  await addBases(history, table, data)

  let { start, isEarly } = startOf(data, from)
  let last: string | undefined
  spent = 0
  for await (const item of backwardsFrom('log', start)) {
    if (!opensBefore(item)) spent += bytesOf(item)
    if (!opensBefore(item) && spent > windowBytes && last !== undefined) {
      from = last
      ;({ start, isEarly } = startOf(data, from))
    }
    last = ulidOf(item.snapshot)
    if (isEarly(await history.add(item)) && last < start) {
      complete = false
      break
    }
  }
  return { history, from: timeOf(from), complete, leadIn: data.filter(opensBefore) }

  /** Down to `certain` all is needed; how much before it, the caller finds out as it goes. */
  async function* backwardsFrom(lane: Lane, certain: string): AsyncGenerator<Committed> {
    const isWithin = before === undefined || certain < before
    if (isWithin)
      yield* committedOn(table, source, lane, { after: certain, before, backwards: true, pageSize: 'largest' })
    // a `!` sorts behind the ULID itself and before any other
    yield* committedOn(table, source, lane, { before: isWithin ? `${certain}!` : before, backwards: true })
  }
}

/** Where the log lane must be read back to, and a log that needs none before it. */
function startOf(data: CommittedSnapshot[], from: string) {
  const leadIn: CommittedSnapshot[] = []
  for (const snapshot of data.filter(({ snapshot }) => ulidOf(snapshot) < from)) {
    leadIn.push(snapshot)
    if (holdsEnough(leadIn)) break
  }
  const oldest = leadIn.at(-1)
  const start = oldest ? ulidOf(oldest.snapshot) : from
  return { start, isEarly: earlyFor(data.filter(({ snapshot }) => ulidOf(snapshot) >= start)) }
}

/** A differential may lie on a full that is older than everything else here. */
async function addBases(history: History, table: Table, data: CommittedSnapshot[]): Promise<void> {
  const bases = new Set(data.flatMap(({ units }) => units.map(({ base }) => base)))
  for (const base of bases) {
    if (base === null || history.items.has(base)) continue
    const found = await findSnapshot(table, base)
    if (found?.state === 'committed') await history.add(found)
  }
}

function bytesOf(item: Committed): number {
  return itemBytes + unitBytesOf(item)
}
