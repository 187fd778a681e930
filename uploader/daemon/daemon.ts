import { messageOf } from '../../shared/failure.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import type { ControlRequest, DaemonStatus } from '../control/requests.ts'
import type { Log } from '../log/log.ts'
import { counted } from '../output/format.ts'
import { begin, conclude, noteReceived, passOver } from '../schedule/memory.ts'
import type { Clock } from '../transfer/clock.ts'
import { callHook, lastRunOf, tellOf } from './after-run.ts'
import type { Book } from './book.ts'
import type { Configuration } from './configuration.ts'
import type { Contact } from './contact.ts'
import type { Runs } from './runs.ts'

/** How often the configuration file and the clock are looked at. */
const glance = 2000
/** Nobody has watched where so much time has passed since the last glance: the machine slept, or its clock was set. */
const absence = 5 * 60_000
/** So often at least it is decided anew, whatever the clock did meanwhile. */
const decideInterval = 60_000
const beatInterval = 60 * 60_000
/** How long hooks may hold up the end. */
const hookTime = 5000

export interface DaemonParts {
  configuration: Configuration
  book: Book
  runs: Runs
  contact: Contact
  log: Log
  clock: Clock
  version: string
  /** Aborted when the system, a person or another process wants the daemon to end; it aborts it itself when it is asked to over its socket. */
  end: AbortController
}

/**
 * `failsafe run`: starts what is due, remembers it, and tells how it went. It never backs anything up itself, so that nothing that a run does (its memory,
 * its crash) is of any consequence for the next. One at a time for a state directory; the caller holds it.
 */
export class Daemon {
  readonly #parts: DaemonParts
  readonly #since: Date
  readonly #tasks = new Set<Promise<void>>()
  readonly #hooks = new Set<Promise<void>>()
  /** Sources that wait for somebody else's run, which is said once. */
  readonly #waiting = new Set<string>()
  /** Of which the receiver is just asked whether they are still to be made. */
  readonly #asking = new Map<string, SnapshotKind>()
  readonly #count = { done: 0, failed: 0 }
  #awakeSince: Date
  #glancedAt: Date
  #beatAt: Date
  /** When to decide again; undefined: at once. */
  #decideAt: Date | undefined
  #wake: () => void = () => {}

  constructor(parts: DaemonParts) {
    const now = parts.clock.now()
    this.#parts = parts
    this.#since = now
    this.#awakeSince = now
    this.#glancedAt = now
    this.#beatAt = new Date(now.getTime() + beatInterval)
    parts.end.signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /** Until it is told to end; its runs have ended then. @returns how many there were */
  async run(): Promise<{ done: number; failed: number }> {
    const { configuration, contact, book, log, runs, clock, version, end } = this.#parts
    log.info(
      `failsafe ${version} runs for ${counted(book.sources.length, 'scheduled source')} of ${configuration.path}`,
    )
    try {
      await this.#recall()
      this.#glancedAt = clock.now()
      this.#do(contact.announce(configuration.current.sources.values()))
      while (!end.signal.aborted) {
        await this.#glance()
        await this.#pause()
      }
    } finally {
      end.abort()
      await runs.stop()
      await Promise.all(this.#tasks)
      await this.#awaitHooks()
      await book.save()
      log.info('failsafe has stopped')
    }
    return this.#count
  }

  async answer({ ask }: ControlRequest): Promise<DaemonStatus | { pid: number } | undefined> {
    switch (ask) {
      case 'status':
        return this.#status()
      case 'stop':
        this.#parts.end.abort()
        return { pid: process.pid }
      case 'cancel':
        return undefined
    }
  }

  /** What was known before, and of what is not known, what the receiver knows. */
  async #recall(): Promise<void> {
    const { configuration, contact, book, clock } = this.#parts
    const unsure = book.sources.filter(source => book.isUnsure(source))
    const received = await contact.received(unsure.map(source => configuration.current.sources.get(source)!))
    for (const source of book.sources) book.recall(source, received.get(source) ?? {}, clock.now())
    await book.save()
  }

  async #glance(): Promise<void> {
    const { clock, contact, log } = this.#parts
    await this.#lookAtConfiguration()
    const now = clock.now()
    const passed = now.getTime() - this.#glancedAt.getTime()
    this.#glancedAt = now
    if (passed > absence) {
      this.#awakeSince = now
      log.warning(`Nobody watched for ${Math.round(passed / 60_000)} minutes: the machine slept, or its clock was set`)
    }
    if (passed > absence || passed < 0) this.#decideAt = undefined
    if (now >= this.#beatAt || this.#beatAt.getTime() - now.getTime() > beatInterval) {
      this.#beatAt = new Date(now.getTime() + beatInterval)
      this.#do(contact.beat())
    }
    if (this.#decideAt === undefined || now >= this.#decideAt) this.#decide(now)
  }

  async #lookAtConfiguration(): Promise<void> {
    const { configuration, contact, book, log, clock } = this.#parts
    const found = await configuration.look()
    if (found === 'wrong')
      log.error(`The changed configuration is not used, the one before stays: ${configuration.problem}`)
    if (found !== 'changed') return
    book.reread(configuration.current, clock.now())
    log.info(`The configuration has changed: ${counted(book.sources.length, 'scheduled source')}`)
    this.#do(book.save())
    this.#do(contact.announce(configuration.current.sources.values()))
    this.#decideAt = undefined
  }

  #decide(now: Date): void {
    const { book, log, runs } = this.#parts
    const { start, passedOver, wakeAt } = book.decide(
      { now, awakeSince: this.#awakeSince },
      source => runs.of(source) ?? this.#asking.get(source),
    )
    for (const { source, kind, until } of passedOver) {
      book.change(source, memory => passOver(memory, kind, until))
      log.warning(
        `${source}: a ${kind} backup was due while nobody was there; catchUp is off, so it waits for the next`,
      )
    }
    if (passedOver.length > 0) this.#do(book.save())
    for (const { source, kind } of start) this.#do(this.#backUp(source, kind, now))
    const latest = now.getTime() + decideInterval
    this.#decideAt = new Date(Math.min(wakeAt?.getTime() ?? latest, latest))
  }

  async #backUp(source: string, kind: SnapshotKind, now: Date): Promise<void> {
    const { clock, runs, book, configuration, log } = this.#parts
    if (book.of(source)?.kinds[kind]?.begun !== undefined && (await this.#cameThrough(source, kind))) return
    book.change(source, memory => begin(memory, kind, now))
    const ended = await runs.run(source, kind, book.save())
    const finishedAt = clock.now()
    const { startedAt, ending } = ended
    book.change(source, memory => conclude(memory, kind, ending, { startedAt, now: finishedAt }))
    if (ending.ended === 'held') {
      if (!this.#waiting.has(source)) tellOf(log, source, kind, ended, undefined)
      this.#waiting.add(source)
    } else {
      this.#waiting.delete(source)
      book.change(source, memory => ({ ...memory, last: lastRunOf(kind, ended, finishedAt) }))
      tellOf(log, source, kind, ended, book.of(source)?.kinds[kind])
    }
    if (ending.ended === 'done') this.#count.done++
    if (ending.ended === 'failed') this.#count.failed++
    await book.save()
    const failures = book.of(source)?.kinds[kind]?.failures ?? 0
    const hook = callHook(configuration.current, log, { source, kind, failures }, ended).finally(() =>
      this.#hooks.delete(hook),
    )
    this.#hooks.add(hook)
    this.#decideAt = undefined
    this.#wake()
  }

  /**
   * Whether a run that is owed has been made after all: by somebody who held the source, or by a run that outlived the daemon which had started it. Then it is
   * not made again.
   */
  async #cameThrough(source: string, kind: SnapshotKind): Promise<boolean> {
    const { book, contact, configuration, log, end } = this.#parts
    const config = configuration.current.sources.get(source)
    this.#asking.set(source, kind)
    const received = config ? await contact.received([config]) : new Map()
    this.#asking.delete(source)
    book.change(source, memory => noteReceived(memory, received.get(source) ?? {}))
    if (book.of(source)?.kinds[kind]?.begun !== undefined) return end.signal.aborted
    log.info(`${source}: the ${kind} backup that was due is with the receiver already`, { source, kind })
    this.#waiting.delete(source)
    await book.save()
    this.#decideAt = undefined
    this.#wake()
    return true
  }

  #status(): DaemonStatus {
    const { configuration, contact, book, log, clock, version } = this.#parts
    const { current, path, loadedAt, problem } = configuration
    return {
      pid: process.pid,
      version,
      since: this.#since.toISOString(),
      config: { path, loadedAt: loadedAt.toISOString(), problem: problem ?? null },
      receiver: { contactAt: contact.at?.toISOString() ?? null, problem: contact.problem ?? null },
      log: { dir: current.log.dir, problem: log.problem ?? null },
      sources: [...current.sources.values()].map(source => book.status(source, clock.now())),
    }
  }

  /** Work that goes on beside the loop, and is waited for at the end. */
  #do(work: Promise<void>): void {
    const task = work
      .catch(error => this.#parts.log.error(`Something unexpected went wrong: ${messageOf(error)}`))
      .finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  async #awaitHooks(): Promise<void> {
    const timer = new AbortController()
    await Promise.race([Promise.all(this.#hooks), this.#sleep(hookTime, timer.signal)])
    timer.abort()
  }

  /** Until the next glance, or until something has happened. */
  async #pause(): Promise<void> {
    const { clock, end } = this.#parts
    if (end.signal.aborted) return
    const until = this.#decideAt?.getTime() ?? 0
    const milliseconds = Math.min(glance, Math.max(0, until - clock.now().getTime()))
    const timer = new AbortController()
    const woken = new Promise<void>(resolve => {
      this.#wake = resolve
    })
    await Promise.race([this.#sleep(milliseconds, timer.signal), woken])
    timer.abort()
  }

  /** Ends early, and without a complaint, where it is not waited for any more. */
  #sleep(milliseconds: number, cut: AbortSignal): Promise<void> {
    return this.#parts.clock.sleep(milliseconds, cut).catch(error => {
      if (!cut.aborted) throw error
    })
  }
}
