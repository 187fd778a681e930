import { laneOf, type SnapshotKind } from '../../shared/snapshot.ts'
import type { KindMemory, SourceMemory } from './memory.ts'
import { kinds, nextDue, startOf, type Timetable } from './timetable.ts'

/** So many runs of this machine at once. Logs are small and shall not wait for hours behind two long fulls of other sources. */
export const mostRuns = { data: 2, all: 4 }

/** A memory that lies further ahead was written by a clock that was wrong. */
const clockStep = 60 * 60_000

export interface Source {
  timetable: Timetable
  memory: SourceMemory
  /** What is going on now, also by somebody else's will. */
  running: SnapshotKind | undefined
}

export interface Decision {
  /** In the order in which they have waited. */
  start: { source: string; kind: SnapshotKind; due: Date }[]
  /** Moments up to `until` that nobody was there for, and that are not made up for. */
  passedOver: { source: string; kind: SnapshotKind; until: Date }[]
  /** When the next run starts, as far as that depends on the time; undefined where it does not. */
  wakeAt: Date | undefined
}

/** One kind of one source. `start` is where the pause after a failure is over, too. */
interface Prospect {
  source: string
  kind: SnapshotKind
  due: Date
  start: Date
  gated: boolean
}

/**
 * What is to be started now. Pure: the same question has the same answer. However many moments of a source have passed, one run of the heaviest kind
 * does for them, and where one of its runs is going on, what becomes due meanwhile is started after it.
 * @param at `awakeSince`: from when on somebody has watched without a break
 */
export function decide(at: { now: Date; awakeSince: Date }, sources: ReadonlyMap<string, Source>): Decision {
  const passedOver: Decision['passedOver'] = []
  const ready: Prospect[] = []
  let wakeAt: Date | undefined
  for (const [name, source] of sources) {
    const prospects: Prospect[] = []
    for (const kind of kinds) {
      const memory = source.memory.kinds[kind]
      if (!memory) continue
      const passed = unseen(source.timetable, kind, memory, at)
      if (passed) passedOver.push({ source: name, kind, until: passed })
      const prospect = prospectOf(name, source.timetable, kind, memory, at.now, passed)
      if (prospect) prospects.push(prospect)
    }
    for (const { start } of prospects) if (start > at.now && (!wakeAt || start < wakeAt)) wakeAt = start
    if (source.running !== undefined) continue
    // One that is due but spread over its jitter keeps the lighter ones waiting, since it will do for them; not one that has failed.
    const heaviest = prospects.find(({ due, gated }) => due <= at.now && !gated)
    if (heaviest && heaviest.start <= at.now) ready.push(heaviest)
  }
  ready.sort((a, b) => a.start.getTime() - b.start.getTime() || (a.source < b.source ? -1 : 1))
  return { start: withinLimits(ready, sources), passedOver, wakeAt }
}

/** When a kind of a source starts next, for whoever wants to know. */
export function nextStart({ timetable, memory }: Omit<Source, 'running'>, kind: SnapshotKind, now: Date) {
  const each = memory.kinds[kind]
  return each && prospectOf('', timetable, kind, each, now, undefined)?.start
}

/** Where a moment and its jitter were over before anybody watched, and nobody wants it made up for: the last such moment. */
function unseen(
  timetable: Timetable,
  kind: SnapshotKind,
  memory: KindMemory,
  { now, awakeSince }: { now: Date; awakeSince: Date },
): Date | undefined {
  if (timetable.catchUp || memory.begun !== undefined) return undefined
  // No jitter is longer: before that nothing can be left.
  const reach = new Date(awakeSince.getTime() - timetable.jitterSeconds * 1000 - 1)
  const served = servedOf(memory, now)
  let last: Date | undefined
  if (served < reach) {
    const first = nextDue(timetable, kind, served)
    if (first && first <= reach) last = reach
  }
  for (let due = nextDue(timetable, kind, last ?? served); due; due = nextDue(timetable, kind, due)) {
    if (startOf(timetable, kind, due) >= awakeSince) break
    last = due
  }
  return last
}

function prospectOf(
  source: string,
  timetable: Timetable,
  kind: SnapshotKind,
  memory: KindMemory,
  now: Date,
  passed: Date | undefined,
): Prospect | undefined {
  const due = nextDue(timetable, kind, passed ?? servedOf(memory, now))
  if (!due) return undefined
  const planned = startOf(timetable, kind, due)
  const gate = memory.notBefore === undefined ? undefined : new Date(memory.notBefore)
  const gated = gate !== undefined && gate > now && gate.getTime() - now.getTime() <= clockStep
  return { source, kind, due, start: gated && gate > planned ? gate : planned, gated }
}

function servedOf({ served }: KindMemory, now: Date): Date {
  const at = new Date(served)
  return at.getTime() - now.getTime() > clockStep ? now : at
}

function withinLimits(ready: Prospect[], sources: ReadonlyMap<string, Source>): Decision['start'] {
  const running = [...sources.values()].flatMap(({ running: kind }) => kind ?? [])
  let data = running.filter(kind => laneOf(kind) === 'data').length
  let all = running.length
  const start: Decision['start'] = []
  for (const { source, kind, due } of ready) {
    const heavy = laneOf(kind) === 'data'
    if (all >= mostRuns.all || (heavy && data >= mostRuns.data)) continue
    all += 1
    if (heavy) data += 1
    start.push({ source, kind, due })
  }
  return start
}
