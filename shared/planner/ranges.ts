import type { Position } from '../position.ts'
import { good, rollsFrom, startsOf } from './chain.ts'
import type { Held, HeldLog, UnitHistory } from './history.ts'

/** A span of time in which every moment can be restored. `from` and `to` are instants as the engine wrote them. */
export interface Range {
  from: { time: number; instant: string }
  to: { time: number; instant: string }
  /** Where in the log history it ends. */
  end: Position
}

/** Logs that follow one another without a gap. */
interface Run {
  from: string
  last: HeldLog
}

/** A unit's restorable ranges, in order and disjoint. A full without logs is a range of one moment. */
export function rangesOf(history: UnitHistory): Range[] {
  const runs = new Map([...history.streams].map(([stream, logs]) => [stream, runsOf(logs.filter(good))]))
  const ranges: Range[] = []
  for (const start of startsOf(history, good)) ranges.push(rangeFrom(start.at(-1)!, runs))
  ranges.sort((a, b) => a.from.time - b.from.time || a.to.time - b.to.time)
  const merged: Range[] = []
  for (const range of ranges) {
    const last = merged.at(-1)
    if (!last || range.from.time > last.to.time) merged.push(range)
    else if (range.to.time >= last.to.time) merged[merged.length - 1] = { ...range, from: last.from }
  }
  return merged
}

function rangeFrom(base: Held, runs: Map<string, Run[]>): Range {
  const from = { time: base.ended, instant: base.entry.covers.to }
  const start = rollsFrom(base)
  const run = runs.get(start.stream)?.find(({ from, last }) => from <= start.at && start.at <= last.entry.to.at)
  const { to } = base.entry
  const leadsOn =
    run && (run.last.entry.to.at > to.at || (run.last.entry.to.at === to.at && run.last.ended > base.ended))
  if (!leadsOn || run.last.ended <= base.ended) return { from, to: from, end: to }
  return { from, to: { time: run.last.ended, instant: run.last.entry.covers.to }, end: run.last.entry.to }
}

/** @param logs of one stream, sorted by where they start */
function runsOf(logs: HeldLog[]): Run[] {
  const runs: Run[] = []
  for (const log of logs) {
    const run = runs.at(-1)
    if (!run || log.entry.from.at > run.last.entry.to.at) runs.push({ from: log.entry.from.at, last: log })
    else if (leadsPast(log, run.last)) run.last = log
  }
  return runs
}

function leadsPast(log: HeldLog, last: HeldLog): boolean {
  return log.entry.to.at > last.entry.to.at || (log.entry.to.at === last.entry.to.at && log.ended > last.ended)
}
