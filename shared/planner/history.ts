import type { CommittedSnapshot, UnitEntry } from '../snapshot.ts'

/** One unit's entry, with the snapshot that holds it. `ended` is `covers.to` in epoch milliseconds. */
export interface Held {
  snapshot: CommittedSnapshot
  entry: UnitEntry
  ended: number
}

/** A log's entry: it always starts somewhere. */
export interface HeldLog extends Held {
  entry: UnitEntry & { from: NonNullable<UnitEntry['from']> }
}

/** Everything committed of one unit. Data is newest first; the logs of each stream are sorted by where they start. */
export interface UnitHistory {
  unit: string
  fulls: Held[]
  differentials: Held[]
  streams: Map<string, HeldLog[]>
}

/** Receiver's order, oldest first: `receivedAt` alone decides, the id breaks a tie. */
export function byReceipt(a: CommittedSnapshot, b: CommittedSnapshot): number {
  return Date.parse(a.receivedAt) - Date.parse(b.receivedAt) || (a.snapshot < b.snapshot ? -1 : 1)
}

export function historiesOf(snapshots: CommittedSnapshot[]): Map<string, UnitHistory> {
  const histories = new Map<string, UnitHistory>()
  for (const snapshot of snapshots.toSorted(byReceipt).reverse())
    for (const entry of snapshot.units) {
      let history = histories.get(entry.unit)
      if (!history) {
        history = { unit: entry.unit, fulls: [], differentials: [], streams: new Map() }
        histories.set(entry.unit, history)
      }
      keep(history, { snapshot, entry, ended: Date.parse(entry.covers.to) })
    }
  for (const { streams } of histories.values()) for (const logs of streams.values()) logs.sort(byStart)
  return histories
}

function byStart(a: HeldLog, b: HeldLog): number {
  if (a.entry.from.at !== b.entry.from.at) return a.entry.from.at < b.entry.from.at ? -1 : 1
  return byReceipt(a.snapshot, b.snapshot)
}

function keep(history: UnitHistory, held: Held): void {
  switch (held.entry.kind) {
    case 'full':
      history.fulls.push(held)
      return
    case 'differential':
      history.differentials.push(held)
      return
    case 'log': {
      if (!isLog(held)) return
      const { stream } = held.entry.from
      const logs = history.streams.get(stream)
      if (logs) logs.push(held)
      else history.streams.set(stream, [held])
    }
  }
}

function isLog(held: Held): held is HeldLog {
  return held.entry.from !== null && held.entry.from.stream === held.entry.to.stream
}
