import type { Retention } from '../../shared/retention.ts'
import type { Retained } from '../../shared/retention-plan.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'

const day = 86_400_000
const ms = (instant: string) => Date.parse(instant)

/*
 * What retention keeps, once more: by the words of docs/formats.md, one snapshot and one unit after the other, by trying everything. It shares
 * nothing with the product but types.
 */

interface Held {
  snapshot: Retained
  entry: UnitEntry
  /** Its place in the receiver's order. */
  index: number
}

/** @param snapshots in the receiver's order */
export function keptByOracle(
  snapshots: Retained[],
  policy: Retention,
  now: Date,
  heads: ReadonlySet<string>,
): Set<string> {
  const kept = new Set<string>()
  /** Starts whose logs beyond them are kept already. */
  const beyond = new Set<string>()
  const rolling = new Set<string>()
  let young = false
  const aged = new Set<string>()
  for (const snapshot of snapshots) {
    const age = now.getTime() - ms(snapshot.receivedAt)
    young ||= age < Math.max(policy.minimumDays, snapshot.minimumDays) * day
    if (!young) aged.add(snapshot.snapshot)
    if (young) rolling.add(snapshot.snapshot)
  }
  for (const id of [...rolling, ...heads]) kept.add(id)
  for (const id of byCalendar(snapshots, policy, now)) kept.add(id)

  const roots = new Set(kept)
  const lasting = unitsOfNewest(snapshots.filter(({ snapshot }) => aged.has(snapshot)))
  for (const unit of new Set(snapshots.flatMap(({ units }) => units.map(entry => entry.unit)))) {
    const all = heldOf(snapshots, unit)
    for (const held of all) {
      if (!roots.has(held.snapshot.snapshot)) continue
      if (held.entry.kind === 'differential') keepBase(all, held)
      if (held.entry.kind === 'log') keepForLog(all, held)
      else if (rolling.has(held.snapshot.snapshot)) keepLogsBeyond(all, held)
    }
    if (lasting.has(unit)) keepNewest(all)
  }
  return kept

  function keep({ snapshot }: Held): void {
    kept.add(snapshot.snapshot)
  }

  function keepBase(all: Held[], { entry }: Held): void {
    for (const held of all) if (held.snapshot.snapshot === entry.base && held.entry.kind === 'full') keep(held)
  }

  function keepForLog(all: Held[], log: Held): void {
    const before = all.slice(0, log.index)
    const starts = before.filter(held => held.entry.kind !== 'log' && isStart(all, held)).reverse()
    if (starts[0]) {
      keepStart(all, starts[0])
      for (const held of all.slice(starts[0].index, log.index)) if (held.entry.kind === 'log') keep(held)
    }
    for (const start of starts) {
      if (!leadsTo(start, log, [...before, log])) continue
      keepStart(all, start)
      keepLogsBeyond(all, start)
      const isClean = start.entry.to.at <= log.entry.from!.at && ms(start.entry.covers.to) <= ms(log.entry.covers.from)
      const isPart = start.entry.to.at <= log.entry.to.at
      if (isSound(all, start) && (rolling.has(log.snapshot.snapshot) ? isClean : isPart)) return
    }
  }

  function keepStart(all: Held[], start: Held): void {
    keep(start)
    keepBase(all, start)
  }

  /** Everything that belongs to one unbroken piece of log with the place that a start rolls forward from, and ends behind it. */
  function keepLogsBeyond(all: Held[], start: Held): void {
    const id = `${start.entry.unit} ${start.snapshot.snapshot}`
    if (beyond.size === beyond.add(id).size) return
    const place = rollsFrom(start)
    const piece = pieceAround(place, all)
    for (const held of all) {
      const { kind, from, to } = held.entry
      if (kind !== 'log' || !from || from.stream !== place.stream || to.stream !== place.stream) continue
      if (piece && to.at > place.at && piece.from <= to.at && to.at <= piece.to) keep(held)
    }
  }

  function keepNewest(all: Held[]): void {
    const starts = all.filter(held => aged.has(held.snapshot.snapshot) && isStart(all, held)).reverse()
    for (const start of starts) {
      keepStart(all, start)
      keepLogsBeyond(all, start)
      if (isSound(all, start)) break
    }
    for (const held of all)
      if (starts[0] && held.entry.kind === 'log' && aged.has(held.snapshot.snapshot) && isBefore(starts[0], held))
        keep(held)
  }
}

function isSound(all: Held[], { snapshot, entry }: Held): boolean {
  return !snapshot.bad && !all.some(held => held.snapshot.snapshot === entry.base && held.snapshot.bad)
}

function byCalendar(snapshots: Retained[], { keep }: Retention, now: Date): Set<string> {
  const kept = new Set<string>()
  const fulls = snapshots.filter(({ kind }) => kind === 'full')
  const rules: [number, (at: Date) => string, (back: number) => Date][] = [
    [keep.dailyDays, at => at.toISOString().slice(0, 10), back => new Date(now.getTime() - back * day)],
    [keep.weeklyWeeks, mondayOf, back => new Date(now.getTime() - back * 7 * day)],
    [
      keep.monthlyMonths,
      at => at.toISOString().slice(0, 7),
      back => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)),
    ],
    [keep.yearlyYears, at => at.toISOString().slice(0, 4), back => new Date(Date.UTC(now.getUTCFullYear() - back, 0))],
  ]
  for (const [reach, nameOf, goBack] of rules) {
    if (reach === 0) continue
    for (let back = 0; back <= reach; back++) {
      const name = nameOf(goBack(back))
      const within = fulls.filter(({ receivedAt }) => nameOf(new Date(receivedAt)) === name)
      for (const each of [within[0], within.at(-1)]) if (each) kept.add(each.snapshot)
    }
  }
  return kept
}

function mondayOf(at: Date): string {
  const sinceMonday = (at.getUTCDay() + 6) % 7
  return new Date(at.getTime() - sinceMonday * day).toISOString().slice(0, 10)
}

function unitsOfNewest(snapshots: Retained[]): Set<string> {
  const data = snapshots.filter(({ lane }) => lane === 'data')
  const newestFull = data.findLastIndex(({ kind }) => kind === 'full')
  return new Set(data.slice(Math.max(0, newestFull)).flatMap(({ units }) => units.map(({ unit }) => unit)))
}

function heldOf(snapshots: Retained[], unit: string): Held[] {
  return snapshots
    .flatMap(snapshot => snapshot.units.filter(entry => entry.unit === unit).map(entry => ({ snapshot, entry })))
    .map((held, index) => ({ ...held, index }))
}

function isBefore(a: Held, b: Held): boolean {
  return a.index < b.index
}

function isStart(all: Held[], held: Held): boolean {
  if (held.entry.kind === 'full') return true
  if (held.entry.kind === 'log') return false
  return all.some(
    base => base.entry.kind === 'full' && base.snapshot.snapshot === held.entry.base && isBefore(base, held),
  )
}

function rollsFrom({ entry }: Held) {
  return entry.kind === 'full' ? (entry.from ?? entry.to) : entry.to
}

function leadsTo(start: Held, log: Held, known: Held[]): boolean {
  const place = rollsFrom(start)
  const { from, to } = log.entry
  if (!from || from.stream !== to.stream || place.stream !== to.stream || place.at > to.at) return false
  if (place.at >= from.at) return true
  const piece = pieceAround(from, known)
  return piece !== undefined && piece.from <= place.at
}

/** How far an unbroken piece of log around a place goes, found by adding whatever touches it until nothing does. */
function pieceAround(place: { stream: string; at: string }, known: Held[]) {
  const logs = known.filter(
    ({ entry }) => entry.kind === 'log' && entry.from?.stream === place.stream && entry.to.stream === place.stream,
  )
  const piece: { from: string; to: string } = { from: place.at, to: place.at }
  let found = false
  for (let changed = true; changed; ) {
    changed = false
    // both ways, only so that it does not take as many rounds as there are logs
    for (const { entry } of [...logs, ...logs.toReversed()]) {
      const { from, to } = { from: entry.from!.at, to: entry.to.at }
      if (to < piece.from || from > piece.to) continue
      found = true
      if (from < piece.from || to > piece.to) {
        if (from < piece.from) piece.from = from
        if (to > piece.to) piece.to = to
        changed = true
      }
    }
  }
  return found ? piece : undefined
}
