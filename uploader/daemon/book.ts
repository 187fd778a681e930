import { messageOf } from '../../shared/failure.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import type { Config, SourceConfig } from '../config/load.ts'
import type { SourceStatus } from '../control/requests.ts'
import { type Decision, decide, nextStart, type Source } from '../schedule/decide.ts'
import { noteReceived, type Received, recover, remember, reschedule, type SourceMemory } from '../schedule/memory.ts'
import { kinds, type Timetable, timetableOf } from '../schedule/timetable.ts'
import { type Memories, saveMemories } from './memory-file.ts'

/** The timetables of all scheduled sources, and what is remembered of each: in memory, and on disk after `save`. */
export class Book {
  readonly #state: string
  readonly #agent: string
  readonly #memories: Memories
  readonly #onProblem: (problem: string) => void
  #timetables: Map<string, Timetable>
  #saving: Promise<void> = Promise.resolve()

  /** @param onProblem gets told of a disk that does not take it, which keeps no run from starting: it would be repeated after a restart */
  constructor(
    config: Config,
    agent: string,
    { memories, onProblem }: { memories: Memories; onProblem: (problem: string) => void },
  ) {
    this.#state = config.state.dir
    this.#agent = agent
    this.#memories = memories
    this.#onProblem = onProblem
    this.#timetables = timetablesOf(config, agent)
  }

  get sources(): string[] {
    return [...this.#timetables.keys()]
  }

  /** Whether the receiver is to be asked what it has of a source: nothing is known of it, or not how its last run ended. */
  isUnsure(source: string): boolean {
    const memory = this.#memories.get(source)
    return !memory || Object.values(memory.kinds).some(({ begun }) => begun !== undefined)
  }

  /** At the start: goes on where the process before this one has ended, however it did. */
  recall(source: string, received: Received, now: Date): void {
    const before = this.#memories.get(source)
    const known = remember(before && recover(before, now), this.#timetables.get(source)!, now, received)
    this.#memories.set(source, noteReceived(known, received))
  }

  /** A new configuration. What is remembered of sources that it leaves out is kept: they may come back. */
  reread(config: Config, now: Date): void {
    const before = this.#timetables
    this.#timetables = timetablesOf(config, this.#agent)
    for (const [name, timetable] of this.#timetables) {
      const memory = this.#memories.get(name)
      const former = before.get(name)
      const changed = memory && former ? reschedule(memory, former, timetable, now) : remember(memory, timetable, now)
      this.#memories.set(name, changed)
    }
  }

  decide(at: { now: Date; awakeSince: Date }, running: (source: string) => SnapshotKind | undefined): Decision {
    const sources = new Map<string, Source>()
    for (const [name, timetable] of this.#timetables)
      sources.set(name, { timetable, memory: this.#memories.get(name)!, running: running(name) })
    return decide(at, sources)
  }

  of(source: string): SourceMemory | undefined {
    return this.#memories.get(source)
  }

  change(source: string, change: (memory: SourceMemory) => SourceMemory): void {
    const memory = this.#memories.get(source)
    if (memory) this.#memories.set(source, change(memory))
  }

  /** One after the other. Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving
      .then(() => saveMemories(this.#state, this.#memories))
      .catch(error => this.#onProblem(`What is due cannot be remembered over a restart: ${messageOf(error)}`))
    return this.#saving
  }

  status({ name, engine }: SourceConfig, now: Date): SourceStatus {
    const timetable = this.#timetables.get(name)
    const memory = this.#memories.get(name)
    const status: SourceStatus = { source: name, engine, next: [], owed: [], last: memory?.last ?? null }
    if (!timetable || !memory) return status
    for (const mode of kinds) {
      const at = nextStart({ timetable, memory }, mode, now)?.toISOString()
      const each = memory.kinds[mode]
      if (at === undefined || !each) continue
      if (each.begun !== undefined && each.failures > 0) status.owed.push({ mode, failures: each.failures, at })
      else status.next.push({ mode, at })
    }
    return status
  }
}

/** Of every source that has a schedule. */
function timetablesOf({ sources }: Config, agent: string): Map<string, Timetable> {
  const all = [...sources.values()].map(
    ({ name, schedule }) => [name, timetableOf(schedule, `${agent} ${name}`)] as const,
  )
  return new Map(all.filter(([, { crons }]) => Object.keys(crons).length > 0))
}
