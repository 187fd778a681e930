import type { Position } from '../position.ts'
import { byReceipt, type Held, type HeldLog, type UnitHistory } from './history.ts'

/** What is applied for one unit, in order, and the moment (epoch milliseconds) its state is known up to. */
export interface Chain {
  steps: Held[]
  /** Position of the state that the chain leads to, but for a stop inside the last log. */
  to: Position
  reached: number
}

/** The first log position that rolling forward from here needs. */
export function rollsFrom({ entry }: Held): Position {
  return entry.kind === 'full' ? (entry.from ?? entry.to) : entry.to
}

/**
 * A full, the differential on it if one is given, then logs in unbroken succession of one stream.
 *
 *     full        from──to
 *     logs   [a─────][b────]     [d──]     c is missing: the chain is full, a, b
 *
 * Overlap is allowed: of the logs that start no later than we are, the first one that leads far enough is next, or else the one that
 * leads furthest.
 * Stops as soon as `until` says that the state is far enough.
 */
export function chainFrom(
  data: [Held] | [Held, Held],
  history: UnitHistory,
  options: { usable?: (log: HeldLog) => boolean; until?: (chain: { at: string; reached: number }) => boolean } = {},
): Chain {
  const base = data.at(-1)!
  const { usable = good, until = () => false } = options
  const start = rollsFrom(base)
  const alone: Chain = { steps: data, to: base.entry.to, reached: base.ended }
  if (until({ at: base.entry.to.at, reached: base.ended })) return alone

  const logs = history.streams.get(start.stream) ?? []
  const steps: HeldLog[] = []
  let { at } = start
  let reached = at === base.entry.to.at ? base.ended : Date.parse(base.entry.covers.from)
  let next: HeldLog | undefined
  for (let i = 0; ; ) {
    for (let log = logs[i]; log && log.entry.from.at <= at; log = logs[++i])
      if (usable(log) && (!next || preferred(log, next))) next = log
    if (!next || !further(next, at, reached)) break
    steps.push(next)
    at = next.entry.to.at
    reached = next.ended
    if (isEnough(next)) break
  }
  // logs that do not lead past the point where the data is complete already are of no use
  const beyond = at > base.entry.to.at || (at === base.entry.to.at && reached > base.ended)
  if (!beyond) return alone
  return { steps: [...data, ...steps], to: { stream: start.stream, at }, reached: Math.max(reached, base.ended) }

  function isEnough({ entry, ended }: HeldLog): boolean {
    return entry.to.at >= base.entry.to.at && until({ at: entry.to.at, reached: ended })
  }
  function preferred(log: HeldLog, other: HeldLog): boolean {
    const [enough, otherEnough] = [log, other].map(each => isEnough(each) && further(each, at, reached))
    if (enough && otherEnough) return byReceipt(log.snapshot, other.snapshot) < 0
    return enough || (!otherEnough && further(log, other.entry.to.at, other.ended))
  }
}

function further(log: HeldLog, at: string, reached: number): boolean {
  return log.entry.to.at > at || (log.entry.to.at === at && log.ended > reached)
}

export function good({ snapshot }: Held): boolean {
  return snapshot.bad !== true
}

/** Every start for a chain, best first: the newest full with its newest differential, … , that full alone, the full before … */
export function* startsOf(history: UnitHistory, usable: (held: Held) => boolean): Generator<[Held] | [Held, Held]> {
  for (const full of history.fulls.filter(usable)) {
    for (const differential of history.differentials)
      if (differential.entry.base === full.snapshot.snapshot && usable(differential)) yield [full, differential]
    yield [full]
  }
}
