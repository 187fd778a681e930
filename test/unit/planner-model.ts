import fc from 'fast-check'
import type { CommittedSnapshot, SnapshotKind, UnitEntry } from '../../shared/snapshot.ts'

/** Minutes after this are the engine's clock of all generated histories. */
const epoch = Date.parse('2026-11-22T00:00:00Z')
export const minute = (n: number) => new Date(epoch + n * 60_000).toISOString()
const source = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
export const idOf = (n: number) => `${source}.${String(n).padStart(26, '0')}`
const at = (stream: number, position: number) => ({ stream: `s${stream}`, at: String(position).padStart(8, '0') })

/** What happens to one source of three units: runs on either lane, some lost, some found bad, and histories that start anew. */
const Event = fc.record({
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('full', 'differential') },
    { weight: 30, arbitrary: fc.constant('log') },
    { weight: 1, arbitrary: fc.constant('fork') },
  ),
  /** Minutes since the event before; 0 leaves two runs at the same minute. */
  pause: fc.integer({ min: 0, max: 20 }),
  /** Which of the three units it touches; a full touches all. */
  units: fc.oneof(
    { weight: 4, arbitrary: fc.constant<number[]>([0, 1, 2]) },
    { weight: 1, arbitrary: fc.subarray<number>([0, 1, 2], { minLength: 1 }) },
  ),
  /** Log positions written meanwhile. */
  written: fc.integer({ min: 0, max: 3 }),
  fate: fc.oneof(
    { weight: 27, arbitrary: fc.constant('kept') },
    { weight: 3, arbitrary: fc.constantFrom('lost', 'bad', 'overlapping') },
  ),
  /** How far before its end a full's log starts to be needed. */
  hot: fc.integer({ min: 0, max: 3 }),
})
export const Events = fc.array(Event, { minLength: 1, maxLength: 60, size: 'max' })

/** A minute that mostly lies within what happened. */
export const minuteOf = (events: { pause: number }[], share: number) =>
  Math.floor(share * events.reduce((sum, { pause }) => sum + pause, 1))

export function historyOf(events: (typeof Event extends fc.Arbitrary<infer T> ? T : never)[]): CommittedSnapshot[] {
  const units = [0, 1, 2].map(n => ({ name: `u${n}`, stream: n * 100, position: 10, logged: 10, since: 0 }))
  const lastFull = new Map<string, { id: string; entry: UnitEntry }>()
  const snapshots: CommittedSnapshot[] = []
  let now = 0
  for (const [n, event] of events.entries()) {
    now += event.pause
    for (const unit of units) unit.position += event.written
    if (event.what === 'fork') {
      for (const unit of units.filter((_, i) => event.units.includes(i))) {
        unit.stream += 1
        unit.logged = unit.position
        unit.since = now
      }
      continue
    }
    const kind = event.what as SnapshotKind
    const entries: UnitEntry[] = []
    for (const [i, unit] of units.entries()) {
      if (kind !== 'full' && !event.units.includes(i)) continue
      const entry = entryOf(kind, unit, lastFull.get(unit.name), event, now)
      if (!entry) continue
      entries.push(entry)
      if (kind === 'log') Object.assign(unit, { logged: unit.position, since: now })
    }
    if (event.fate === 'lost' || entries.length === 0) continue
    const id = idOf(n)
    for (const entry of entries) if (entry.kind === 'full') lastFull.set(entry.unit, { id, entry })
    snapshots.push({
      snapshot: id,
      lane: kind === 'log' ? 'log' : 'data',
      kind,
      receivedAt: new Date(epoch + n * 1000).toISOString(),
      units: entries,
      ...(event.fate === 'bad' ? { bad: true } : {}),
    })
  }
  return snapshots
}

function entryOf(
  kind: SnapshotKind,
  unit: { name: string; stream: number; position: number; logged: number; since: number },
  full: { id: string; entry: UnitEntry } | undefined,
  { fate, hot }: { fate: string; hot: number },
  now: number,
): UnitEntry | undefined {
  const to = at(unit.stream, unit.position)
  const covers = { from: minute(now), to: minute(now) }
  switch (kind) {
    case 'full':
      return { unit: unit.name, kind, base: null, from: at(unit.stream, unit.position - hot), to, covers }
    case 'differential':
      return full && { unit: unit.name, kind, base: full.id, from: full.entry.to, to, covers }
    case 'log': {
      const from = fate === 'overlapping' ? Math.max(0, unit.logged - 2) : unit.logged
      return {
        unit: unit.name,
        kind,
        base: null,
        from: at(unit.stream, from),
        to,
        covers: { from: minute(unit.since), to: minute(now) },
      }
    }
  }
}

/** By trying everything: whether any start and any succession of logs leads `unit` to minute `time`. */
export function canReach(snapshots: CommittedSnapshot[], unit: string, time: number): boolean {
  const target = epoch + time * 60_000
  const entries = snapshots
    .filter(({ bad }) => !bad)
    .flatMap(({ snapshot, units }) => units.filter(entry => entry.unit === unit).map(entry => ({ snapshot, entry })))
  const starts = entries.filter(
    ({ entry }) =>
      entry.kind === 'full' ||
      (entry.kind === 'differential' && entries.some(({ snapshot }) => snapshot === entry.base)),
  )
  return starts.some(({ entry }) => {
    const ended = Date.parse(entry.covers.to)
    if (ended > target) return false
    if (ended === target) return true
    const places = new Set([JSON.stringify(entry.kind === 'full' ? entry.from : entry.to)])
    for (let before = -1; before !== places.size; ) {
      before = places.size
      for (const { entry: log } of entries) {
        if (log.kind !== 'log') continue
        const follows = [...places]
          .map(place => JSON.parse(place))
          .some(place => place.stream === log.from!.stream && place.at >= log.from!.at && place.at <= log.to.at)
        if (!follows) continue
        if (Date.parse(log.covers.to) >= target && log.to.at >= entry.to.at) return true
        places.add(JSON.stringify(log.to))
      }
    }
    return false
  })
}
