import { readTimes } from '../moments/read-times.ts'
import type { Snapshot, Timeline } from './answers.ts'
import type { Receiver } from './receiver.ts'

/** What is known of a window of time so far. */
export interface History {
  units: Timeline['units']
  /** Newest first. */
  snapshots: Snapshot[]
  runs: Timeline['runs']
  /** Epoch milliseconds. */
  from: number
  until: number
  /** Everything of the window was read. */
  complete: boolean
  /** There are snapshots from before the window. */
  hasEarlier: boolean
}

const day = 86_400_000
export const windowDays = 90

/**
 * Reads a window of time, page by page; each yield is all that is known until then. Where the newest backup is older than the window that ends now,
 * it is the window that ends with it.
 * @param end of the window, epoch milliseconds; null for now
 */
export async function* readHistory(
  receiver: Receiver,
  source: string,
  { end, now }: { end: number | null; now: number },
  signal: AbortSignal,
): AsyncGenerator<History> {
  const until = end ?? now
  const from = until - windowDays * day
  const window = {
    from: new Date(from).toISOString(),
    ...(end === null ? {} : { until: new Date(end).toISOString() }),
  }
  const first = await receiver.timeline(source, { ...window, limit: '200' }, signal)
  const newest = first.snapshots[0] && Date.parse(first.snapshots[0].receivedAt)
  if (end === null && newest !== undefined && newest < from)
    return yield* readHistory(receiver, source, { end: newest + 60_000, now }, signal)

  let { units, nextUnit, next } = first
  let snapshots: Snapshot[] = []
  /** Newest first: what is behind one from before the window is from before it too. */
  let hasOlder = false
  const take = (page: Snapshot[]) => {
    const own = page.filter(snapshot => readTimes(snapshot).received >= from)
    snapshots = [...snapshots, ...own]
    hasOlder ||= own.length < page.length
  }
  take(first.snapshots)
  const known = (complete: boolean): History => ({
    units,
    snapshots,
    runs: first.runs,
    from,
    until,
    complete,
    hasEarlier: complete && (next !== null || hasOlder),
  })
  yield known(false)
  while (nextUnit !== null) {
    const page = await receiver.timeline(source, { ...window, afterUnit: nextUnit }, signal)
    units = [...units, ...page.units]
    nextUnit = page.nextUnit
  }
  while (next !== null && !hasOlder) {
    const page: Timeline = await receiver.timeline(source, { limit: '200', before: next }, signal)
    take(page.snapshots)
    next = page.next
    if (next !== null && !hasOlder) yield known(false)
  }
  yield known(true)
}
