import { rollsFrom } from './planner/chain.ts'
import type { Position } from './position.ts'
import type { CommittedSnapshot, UnitEntry } from './snapshot.ts'

/** A unit's logs since its last full or differential are limited: beyond either, a restore takes too long and the next run is a full. */
export const chainMaxDays = 35
export const chainMaxLogs = 10_000
/** So many broken units are named; of the others only the number is kept, and they count as broken until a full or differential names them. */
const brokenNamed = 100

/** A unit whose logs do not lead back to a full or differential of it. `from`: where the unbroken run of logs that ends here begins. */
export interface BrokenUnit {
  unit: string
  reason: string
  from: Position
}

/** How a log lies in the log history of its source. */
export interface LogChain {
  /** Logs since the newest snapshot of the data lane that names all units of this one (those that are not broken, unless all are), this one included. */
  logs: number
  /** When that snapshot was received; without one, the first log of the chain. */
  since: string
  broken: BrokenUnit[]
  brokenCount: number
}

export interface EarlierLog extends CommittedSnapshot {
  /** As it was worked out when that log was committed; where it is missing nothing is known of what it continues. */
  chain?: LogChain | undefined
}

/** What was committed before a log, either lane newest first, as far back as it was read. */
export interface Before {
  logs: EarlierLog[]
  data: CommittedSnapshot[]
}

/** What an earlier snapshot of either lane could still tell. Ask again with one more, or take the chain as it is: then in doubt a unit is broken. */
export interface Judged {
  chain: LogChain
  wants: { log: boolean; data: boolean }
}

/*
 * One unit. Its logs are spans of positions in one stream; a full or differential is a place from which it rolls forward:
 *
 *   logs       [a────][b──]        [c───][d──]      c and d run from c's start: a restore can come to d only
 *   data   F───────────────────────────F            if there is a place to roll from within that run, or left of it
 *                                                   a log that is known to lead back
 *
 * So a log is judged by where its run begins: by the log before (which says of itself whether it leads back, and else where its run begins), and by
 * the places to roll from. Whether a snapshot was found bad is no business of this: that has its own notice.
 */

/**
 * Which units of a log lead back to a full or differential, in unbroken succession of one stream.
 * @param log not committed yet; `before` is what was
 */
export function judgeLog(log: Pick<CommittedSnapshot, 'receivedAt' | 'units'>, before: Before): Judged {
  const logs = before.logs.map(({ units, chain }) => ({
    units: byName(units),
    broken: new Map(chain?.broken.map(each => [each.unit, each])),
    allNamed: chain !== undefined && chain.brokenCount === chain.broken.length,
  }))
  const data = before.data.map(snapshot => ({ snapshot, units: byName(snapshot.units) }))
  const wants = { log: false, data: false }
  const broken: BrokenUnit[] = []
  const whole: string[] = []
  for (const entry of log.units) {
    const run = runOf(entry, logs)
    const start = run.whole ? 'found' : startIn(entry, run.from.at, data)
    if (start === 'found') whole.push(entry.unit)
    else {
      const reason = run.reason ?? (start === 'open' ? 'it has no full backup' : sinceData(start, entry))
      broken.push({ unit: entry.unit, from: run.from, reason })
      wants.log ||= run.open
      wants.data ||= start === 'open'
    }
  }
  const last = before.logs[0]
  const counted = whole.length > 0 ? whole : log.units.map(({ unit }) => unit)
  const base = data.find(({ units }) => counted.every(unit => units.has(unit)))?.snapshot
  wants.data ||= base === undefined && last?.chain === undefined
  return {
    chain: {
      ...lengthOf(log, last, base),
      broken: broken.slice(0, brokenNamed),
      brokenCount: broken.length,
    },
    wants,
  }
}

type LogUnits = { units: Map<string, UnitEntry>; broken: Map<string, BrokenUnit>; allNamed: boolean }
type Run = { whole: boolean; from: Position; reason: string | undefined; open: boolean }

/** Where the run of logs that ends with `entry` begins, as far as the logs before it tell. */
function runOf(entry: UnitEntry, logs: LogUnits[]): Run {
  let from = entry.from!
  let reason: string | undefined
  const ends = (open: boolean, otherwise?: string): Run => ({ whole: false, from, reason: reason ?? otherwise, open })
  for (const { units, broken, allNamed } of logs) {
    const earlier = units.get(entry.unit)
    if (!earlier) continue
    if (earlier.to.stream !== from.stream) return ends(false, begunAnew(entry.covers.from))
    if (earlier.to.at > entry.to.at) return ends(false, 'it lies before a log that is here already')
    if (earlier.to.at < from.at) return ends(false, missing(earlier.covers.to, entry.covers.from))
    const known = broken.get(entry.unit)
    if (!known && allNamed) return { whole: true, from, reason, open: false }
    reason = known?.reason ?? 'whether the logs before it are complete is not known'
    if (!known || known.from.at <= from.at) {
      from = known?.from ?? from
      return ends(false)
    }
  }
  return ends(true)
}

/**
 * Looks for a full or differential to roll forward from, from `runFrom` on and complete by the end of `entry`.
 * @returns the newest one that cannot serve, where an older one could not either; `open` where nothing is known
 */
function startIn(
  entry: UnitEntry,
  runFrom: string,
  data: { snapshot: CommittedSnapshot; units: Map<string, UnitEntry> }[],
): 'found' | UnitEntry | 'open' {
  for (const { snapshot, units } of data) {
    const held = units.get(entry.unit)
    if (!held) continue
    if (held.to.stream !== entry.to.stream || held.to.at < runFrom) return held
    const place = rollsFrom({ snapshot, entry: held, ended: 0 })
    if (held.to.at <= entry.to.at && place.stream === entry.to.stream && place.at >= runFrom) return 'found'
  }
  return 'open'
}

function sinceData(data: UnitEntry, { to, covers }: UnitEntry): string {
  return data.to.stream === to.stream ? missing(data.covers.to, covers.from) : begunAnew(covers.from)
}

function lengthOf(
  log: Pick<CommittedSnapshot, 'receivedAt'>,
  last: EarlierLog | undefined,
  base: CommittedSnapshot | undefined,
): Pick<LogChain, 'logs' | 'since'> {
  const follows = last?.chain && (base === undefined || Date.parse(last.receivedAt) > Date.parse(base.receivedAt))
  return {
    logs: follows ? last.chain!.logs + 1 : 1,
    since: base?.receivedAt ?? last?.chain?.since ?? log.receivedAt,
  }
}

/**
 * Whether a full or differential that came after a log makes good what was broken in it. Where not all broken units are known, a full counts, which
 * names all that it can.
 */
export function heals(data: Pick<CommittedSnapshot, 'kind' | 'units'>, { broken, brokenCount }: LogChain): boolean {
  const named = new Set(data.units.map(({ unit }) => unit))
  return broken.every(({ unit }) => named.has(unit)) && (data.kind === 'full' || brokenCount === broken.length)
}

function byName(units: UnitEntry[]): Map<string, UnitEntry> {
  return new Map(units.map(entry => [entry.unit, entry]))
}

function missing(from: string, to: string): string {
  return Date.parse(to) > Date.parse(from)
    ? `log missing ${clock(from)} to ${clock(to)}`
    : `log missing after ${clock(from)}`
}

function begunAnew(at: string): string {
  return `its log history began anew at ${clock(at)}`
}

/** `2026-11-22 14:10`, on the engine's own clock. */
function clock(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ')
}
