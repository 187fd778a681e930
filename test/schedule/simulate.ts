import type { SnapshotKind } from '../../shared/snapshot.ts'
import { decide } from '../../uploader/schedule/decide.ts'
import {
  begin,
  conclude,
  type Ending,
  passOver,
  recover,
  remember,
  type SourceMemory,
} from '../../uploader/schedule/memory.ts'
import type { Timetable } from '../../uploader/schedule/timetable.ts'

const minute = 60_000

export interface Run {
  source: string
  kind: SnapshotKind
  at: string
}

/**
 * The scheduler of one machine in simulated time: it sleeps for as long as it is told to (a minute at most, as the daemon does), is not there during `down`, and
 * starts again with what it remembered on disk. A run takes `takes` and is killed where the machine goes down.
 */
export function simulate(
  timetables: Record<string, Timetable>,
  world: {
    from: string
    to: string
    down?: readonly (readonly [string, string])[]
    /** Milliseconds. */
    takes?: (run: Run) => number
    ends?: (run: Run) => Ending
  },
): { runs: Run[]; passedOver: Run[] } {
  const { takes = () => 0, ends = ({ kind }) => ({ ended: 'done', made: kind }) } = world
  const runs: Run[] = []
  const passedOver: Run[] = []
  const end = Date.parse(world.to)
  const down = (world.down ?? []).map(([a, b]) => [Date.parse(a), Date.parse(b)] as const)
  const running = new Map<string, { run: Run; startedAt: Date; until: number }>()
  const memory = new Map<string, SourceMemory>()
  for (const [name, timetable] of Object.entries(timetables))
    memory.set(name, remember(undefined, timetable, new Date(world.from)))
  let now = Date.parse(world.from)
  let awakeSince = new Date(now)
  while (now < end) {
    const outage = down.find(([a, b]) => a <= now && now < b)
    if (outage) {
      now = outage[1]
      awakeSince = new Date(now)
      running.clear()
      for (const [name, each] of memory) memory.set(name, recover(each, new Date(now)))
      continue
    }
    for (const [name, { run, startedAt, until }] of running) {
      if (until > now) continue
      running.delete(name)
      memory.set(name, conclude(memory.get(name)!, run.kind, ends(run), { startedAt, now: new Date(now) }))
    }
    const at = new Date(now)
    const sources = new Map(
      Object.entries(timetables).map(([name, timetable]) => [
        name,
        { timetable, memory: memory.get(name)!, running: running.get(name)?.run.kind },
      ]),
    )
    const decision = decide({ now: at, awakeSince }, sources)
    for (const { source, kind, until } of decision.passedOver) {
      passedOver.push({ source, kind, at: until.toISOString() })
      memory.set(source, passOver(memory.get(source)!, kind, until))
    }
    for (const { source, kind } of decision.start) {
      const run = { source, kind, at: at.toISOString() }
      runs.push(run)
      memory.set(source, begin(memory.get(source)!, kind, at))
      running.set(source, { run, startedAt: at, until: now + takes(run) })
    }
    const ended = [...running.values()].map(({ until }) => Math.max(until, now))
    const outages = down.map(([a]) => a).filter(a => a > now)
    const wake = decision.wakeAt?.getTime() ?? Number.POSITIVE_INFINITY
    const next = Math.min(end, wake, ...ended, ...outages)
    // A run that takes no time ends in this very instant.
    now = next > now || ended.some(until => until === now) ? next : now + minute
  }
  return { runs, passedOver }
}
