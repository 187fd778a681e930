import { messageOf } from '../../shared/failure.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import { ask } from '../control/ask.ts'
import { Cancelled } from '../control/requests.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../transfer/clock.ts'
import { type Judgement, judge } from './judge.ts'
import { neverRan, type RunChild, type RunReport } from './run-child.ts'

/** How long runs that are asked to end may take to release their sources and tell the receiver. */
const stopTime = 10_000

export interface Ended extends Judgement {
  startedAt: Date
  result: RunReport['result']
}

interface Running {
  kind: SnapshotKind
  child: RunChild | undefined
}

/** The runs of this daemon that are going on: each in a process of its own, one of each source at most. */
export class Runs {
  readonly #state: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #launch: (source: string, kind: SnapshotKind, onWarning: (message: string) => void) => RunChild
  readonly #running = new Map<string, Running>()
  #stopping = false

  constructor(
    launch: (source: string, kind: SnapshotKind, onWarning: (message: string) => void) => RunChild,
    { state, clock, log }: { state: string; clock: Clock; log: Log },
  ) {
    this.#launch = launch
    this.#state = state
    this.#clock = clock
    this.#log = log
  }

  of(source: string): SnapshotKind | undefined {
    return this.#running.get(source)?.kind
  }

  /**
   * One run from its start to its end.
   * @param prepared what has to be on disk before it starts
   */
  async run(source: string, kind: SnapshotKind, prepared: Promise<void>): Promise<Ended> {
    const running: Running = { kind, child: undefined }
    this.#running.set(source, running)
    const startedAt = this.#clock.now()
    try {
      await prepared
      // The system may have no more processes or files to give.
      const report = this.#stopping
        ? neverRan()
        : await this.#launched(source, running).catch(error => neverRan(messageOf(error)))
      return { ...judge(report, kind, this.#stopping), startedAt, result: report.result }
    } finally {
      this.#running.delete(source)
    }
  }

  async #launched(source: string, running: Running): Promise<RunReport> {
    const { kind } = running
    const child = this.#launch(source, kind, message =>
      this.#log.warning(`${source}: ${message}`, { source, kind, pid: running.child?.pid }),
    )
    running.child = child
    this.#log.info(`${source}: ${kind} backup started`, { source, kind, pid: child.pid })
    return child.ended
  }

  /** Asks all to end, and makes them when they do not in time. Nothing is started any more. */
  async stop(): Promise<void> {
    this.#stopping = true
    const children = [...this.#running.values()].flatMap(({ child }) => child ?? [])
    if (children.length === 0) return
    const timer = new AbortController()
    const ended = Promise.all(children.map(child => child.ended)).then(() => true)
    const late = this.#clock.sleep(stopTime, timer.signal).then(
      () => false,
      () => false,
    )
    for (const child of children) void this.#cancel(child)
    if (!(await Promise.race([ended, late])))
      for (const child of children) {
        this.#log.warning(`A run does not end within ${stopTime / 1000} seconds and is killed`, { pid: child.pid })
        child.kill('SIGKILL')
      }
    await ended
    timer.abort()
  }

  /**
   * Over its socket, as `failsafe cancel` does: a signal would be its second one where the service manager signals the whole group, and the second ends a run
   * without releasing anything.
   */
  async #cancel(child: RunChild): Promise<void> {
    try {
      if (await ask(this.#state, `run-${child.pid}`, { ask: 'cancel' }, Cancelled, stopTime)) return
    } catch (error) {
      this.#log.warning(`A run cannot be asked to end: ${messageOf(error)}`, { pid: child.pid })
    }
    child.kill('SIGTERM')
  }
}
