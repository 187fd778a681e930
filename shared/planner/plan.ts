import { comparePositions, type Position } from '../position.ts'
import { ProblemError } from '../problem.ts'
import type { CommittedSnapshot } from '../snapshot.ts'
import { type Chain, chainFrom, good, rollsFrom, startsOf } from './chain.ts'
import { byReceipt, type Held, type HeldLog, historiesOf, type UnitHistory } from './history.ts'
import { nearestMoments } from './moments.ts'
import { inOrder } from './order.ts'
import { describeGap } from './timeline.ts'
import { unitsAt } from './units.ts'

/** `latest`: every unit as far as it goes. `at`: RFC 3339, on the engine's clock. `snapshot`: as that snapshot left its units. */
export type Moment = { kind: 'latest' } | { kind: 'at'; at: string } | { kind: 'snapshot'; snapshot: string }

export interface RestorePlan {
  /** In the order they are applied. */
  snapshots: CommittedSnapshot[]
  /** Those of them that a verify or a drill found bad: nothing else leads there. */
  doubtful: string[]
  /** What each unit uses of them, and the position and moment (ISO 8601, UTC) its state is known up to. */
  units: { unit: string; snapshots: string[]; to: Position; reached: string }[]
}

/**
 * Which snapshots, in which order, lead to a moment. For each unit: the latest full at or before it, the latest differential
 * on that, then the logs in unbroken succession of one stream; the next best start is tried where one does not lead there.
 * Continuity is proven by positions, never by times. A snapshot found bad is gone round. Where nothing else leads to the moment, the plan is
 * the one without any such marks and names them: whoever steals a host's key can mark everything as bad, and whoever restores checks every byte.
 * @param units all that the newest full at or before the moment, or a snapshot after it, names when left out
 * @throws ProblemError `not-restorable` with `{unit, nearest: {before, after}}`
 */
export function planRestore(snapshots: CommittedSnapshot[], moment: Moment, units?: string[]): RestorePlan {
  const proven = attempt(() => planProven(snapshots, moment, units))
  if (!(proven instanceof ProblemError)) return proven
  if (!snapshots.some(({ bad }) => bad)) throw proven
  const doubted = attempt(() => planProven(withoutMarks(snapshots), moment, units))
  if (!(doubted instanceof ProblemError)) {
    const marked = new Map(snapshots.map(snapshot => [snapshot.snapshot, snapshot]))
    const ordered = doubted.snapshots.map(({ snapshot }) => marked.get(snapshot)!)
    return { ...doubted, snapshots: ordered, doubtful: badAmong(ordered) }
  }
  const { before, after } = proven.extra.nearest as { before: string | null; after: string | null }
  throw before === null && after === null ? doubted : proven
}

function attempt(plan: () => RestorePlan): RestorePlan | ProblemError {
  try {
    return plan()
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not-restorable') return error
    throw error
  }
}

function badAmong(snapshots: CommittedSnapshot[]): string[] {
  return snapshots.filter(({ bad }) => bad).map(({ snapshot }) => snapshot)
}

/** As if no verify had ever failed. */
export function withoutMarks(snapshots: CommittedSnapshot[]): CommittedSnapshot[] {
  return snapshots.map(({ bad: _bad, ...snapshot }) => snapshot)
}

/** With nothing in it that was found bad, unless it is itself what was asked for. @throws as `planRestore` */
export function planProven(snapshots: CommittedSnapshot[], moment: Moment, units?: string[]): RestorePlan {
  const wanted = units ?? unitsOf(snapshots, moment)
  if (wanted.length === 0)
    throw refusal(snapshots, moment, [], undefined, 'nothing that can be restored was backed up by then')
  const histories = historiesOf(snapshots)
  const chains = wanted.map(unit => {
    const history = histories.get(unit)
    const chain = history && chainTo(history, moment)
    if (!chain) throw refusal(snapshots, moment, wanted, unit, reasonFor(history, moment))
    return { unit, chain }
  })
  const ordered = inOrder(chains.map(({ chain }) => chain.steps))
  return {
    snapshots: ordered,
    doubtful: badAmong(ordered),
    units: chains.map(({ unit, chain }) => ({
      unit,
      snapshots: chain.steps.map(step => step.snapshot.snapshot),
      to: chain.to,
      reached: new Date(chain.reached).toISOString(),
    })),
  }
}

function unitsOf(snapshots: CommittedSnapshot[], moment: Moment): string[] {
  if (moment.kind !== 'snapshot') return unitsAt(snapshots, moment.kind === 'at' ? moment.at : undefined)
  return snapshots.find(({ snapshot }) => snapshot === moment.snapshot)?.units.map(({ unit }) => unit) ?? []
}

function chainTo(history: UnitHistory, moment: Moment): Chain | undefined {
  switch (moment.kind) {
    case 'latest':
      return chainToLatest(history)
    case 'at':
      return chainToTime(history, Date.parse(moment.at))
    case 'snapshot':
      return chainToSnapshot(history, moment.snapshot)
  }
}

function chainToLatest(history: UnitHistory): Chain | undefined {
  const full = history.fulls.find(good)
  let furthest: Chain | undefined
  for (const start of startsOf(history, good)) {
    if (start[0] !== full) break
    const chain = chainFrom(start, history)
    if (!furthest || chain.reached > furthest.reached) furthest = chain
  }
  return furthest
}

function chainToTime(history: UnitHistory, time: number): Chain | undefined {
  for (const start of startsOf(history, held => good(held) && held.ended <= time)) {
    const chain = chainFrom(start, history, { until: ({ reached }) => reached >= time })
    if (chain.reached >= time) return chain
  }
  return undefined
}

function chainToSnapshot(history: UnitHistory, id: string): Chain | undefined {
  const is = (held: Held) => held.snapshot.snapshot === id
  const full = history.fulls.find(is)
  if (full) return chainFrom([full], history, { usable: () => false })
  const differential = history.differentials.find(is)
  if (differential) {
    const base = history.fulls.find(held => held.snapshot.snapshot === differential.entry.base)
    return base && good(base) ? chainFrom([base, differential], history, { usable: () => false }) : undefined
  }
  const log = [...history.streams.values()].flat().find(is)
  if (!log) return undefined
  const earlier = (held: Held) => good(held) && byReceipt(held.snapshot, log.snapshot) < 0
  // what was received before it comes first; a full that was received later may still begin before it
  return chainThrough(log, history, earlier) ?? chainThrough(log, history, good)
}

/** A chain that ends with `log`, made of what is usable. */
function chainThrough(log: HeldLog, history: UnitHistory, usable: (held: Held) => boolean): Chain | undefined {
  const { from, to } = log.entry
  const before = (held: Held) =>
    held !== log && usable(held) && held.entry.to.stream === to.stream && held.entry.to.at < to.at
  const isStart = (held: Held) => before(held) || (usable(held) && samePlace(held.entry.to, to))
  for (const start of startsOf(history, isStart)) {
    const chain = chainFrom(start, history, { usable: held => held === log || before(held) })
    if (chain.steps.at(-1) === log) return chain
    // the data is complete up to there already: the log only confirms it
    const base = start.at(-1)!
    if (samePlace(base.entry.to, to) && from.stream === rollsFrom(base).stream && from.at <= rollsFrom(base).at)
      return { steps: [...start, log], to, reached: Math.max(base.ended, log.ended) }
  }
  return undefined
}

function samePlace(a: Position, b: Position): boolean {
  return comparePositions(a, b) === 0
}

function reasonFor(history: UnitHistory | undefined, moment: Moment): string {
  if (!history) return 'it was never backed up'
  if (!history.fulls.some(good)) return 'there is no full backup of it'
  if (moment.kind === 'snapshot') return 'a snapshot that it builds on is missing'
  if (moment.kind === 'latest') return 'there is no full backup of it'
  const time = Date.parse(moment.at)
  if (!history.fulls.some(held => good(held) && held.ended <= time)) return 'its first full backup is later'
  return describeGap(history, time)
}

function refusal(
  snapshots: CommittedSnapshot[],
  moment: Moment,
  wanted: string[],
  unit: string | undefined,
  reason: string,
): ProblemError {
  const nearest = nearestMoments(snapshots, moment.kind === 'at' ? moment.at : undefined, wanted)
  const moments = [nearest.before, nearest.after].filter(at => at !== null)
  return new ProblemError('not-restorable', unit === undefined ? reason : `${unit}: ${reason}`, {
    extra: { ...(unit === undefined ? {} : { unit }), nearest },
    ...(moments.length > 0 ? { fix: `Choose ${moments.join(' or ')}` } : {}),
  })
}
