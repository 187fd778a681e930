import type { UnitTimeline } from '../api/restore.ts'
import type { CommittedSnapshot } from '../snapshot.ts'
import { good } from './chain.ts'
import { type HeldLog, historiesOf, type UnitHistory } from './history.ts'
import { type Range, rangesOf } from './ranges.ts'

/** Per unit, what can be restored and, where logs are kept, what cannot and why. */
export function timelineOf(snapshots: CommittedSnapshot[]): UnitTimeline[] {
  return [...unitTimelines(snapshots)]
}

/** The same, unit by unit in the order of their names, worked out as the caller goes on. @param after only units behind this one */
export function* unitTimelines(snapshots: CommittedSnapshot[], after?: string): Generator<UnitTimeline> {
  const histories = [...historiesOf(snapshots).values()].sort((a, b) => (a.unit < b.unit ? -1 : 1))
  for (const history of histories)
    if (after === undefined || history.unit > after) yield { unit: history.unit, ...spansOf(history) }
}

function spansOf(history: UnitHistory): Pick<UnitTimeline, 'ranges' | 'gaps'> {
  const ranges = rangesOf(history)
  const gaps: UnitTimeline['gaps'] = []
  const newest = newestLog(history)
  if (newest)
    for (const [i, range] of ranges.entries()) {
      const until = ranges[i + 1]?.from.instant ?? (newest.ended > range.to.time ? newest.entry.covers.to : undefined)
      if (until) gaps.push({ from: range.to.instant, to: until, reason: reasonAfter(history, range) })
    }
  return { ranges: ranges.map(({ from, to }) => ({ from: from.instant, to: to.instant })), gaps }
}

/** Why a moment (epoch milliseconds) that lies after a full is in no range. */
export function describeGap(history: UnitHistory, time: number): string {
  const range = rangesOf(history).findLast(({ from }) => from.time <= time)
  return range ? reasonAfter(history, range) : 'its first full backup is later'
}

function reasonAfter(history: UnitHistory, { to, end }: Range): string {
  const restorable = `restorable to ${clock(to.instant)}`
  const next = logsOf(history).reduce<HeldLog | undefined>(
    (first, log) => (log.ended > to.time && (!first || log.ended < first.ended) ? log : first),
    undefined,
  )
  if (!next) return `no log was backed up after ${clock(to.instant)}; ${restorable}`
  const { from } = next.entry.covers
  if (!good(next)) return `log ${span(from, next.entry.covers.to)} was found bad; ${restorable}`
  if (next.entry.from.stream !== end.stream) return `the log history started anew at ${clock(from)}; ${restorable}`
  return `log missing ${Date.parse(from) > to.time ? span(to.instant, from) : `after ${clock(to.instant)}`}; ${restorable}`
}

function logsOf(history: UnitHistory): HeldLog[] {
  return [...history.streams.values()].flat()
}

function newestLog(history: UnitHistory): HeldLog | undefined {
  return logsOf(history).reduce<HeldLog | undefined>((a, b) => (a && a.ended >= b.ended ? a : b), undefined)
}

/** `2026-11-22 14:10`, on the engine's own clock. */
function clock(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ')
}

/** `2026-11-22 14:10-14:25`, or both in full where the day differs. */
function span(from: string, to: string): string {
  const [a, b] = [clock(from), clock(to)]
  return `${a}-${a.slice(0, 10) === b.slice(0, 10) ? b.slice(11) : b}`
}
