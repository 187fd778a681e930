import { Failure } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Plan, Session, StagedArtefact } from '../../engine.ts'
import { ItemFailed } from '../../item-failed.ts'
import { unlessAborted } from '../../unless-aborted.ts'
import type { Server } from '../connection/server.ts'
import { dataBytes, type Inventory } from '../inventory.ts'
import { entryOf } from '../plan/base.ts'
import { withFailed } from '../plan/failed.ts'
import type { Task, Verdict } from '../plan/judge.ts'
import { Channel } from './channel.ts'
import { stillAt, unchangedLog, unchangedSince } from './entry.ts'
import { type KeptBackup, keptBackups, stillServes } from './kept.ts'
import { type Result, resultsArtefact } from './results.ts'
import type { Made, Taker } from './taker.ts'
import type { Attempt, Content, Way } from './way.ts'

interface Run {
  plan: Plan
  inventory: Inventory
  verdicts: Verdict[]
  way: Way
  control: Server
  takers: Taker[]
  /** Ends all that the takers have under way. */
  stop: AbortController
  context: BackupContext
}

/**
 * Each taker has one database in flight: it has the server write and verify the file, hands it over, and goes on when it is sealed and removed.
 *
 *   taker 1   BACKUP a · VERIFY ──sealed──▶ BACKUP c · VERIFY ──sealed──▶
 *   taker 2      BACKUP b · VERIFY ··wait··──sealed──▶ BACKUP d ·
 *
 * Through the door, a backup is sealed while the server writes it, and only said to be sound at its end.
 */
export class BackupSession implements Session {
  readonly #run: Run
  readonly #entries = new Map<string, UnitEntry>()
  readonly #results = new Map<string, Result>()
  readonly #failed: string[] = []
  readonly #written = new Map<string, number>()
  #working: Promise<unknown> = Promise.resolve()
  readonly #channel = new Channel<StagedArtefact>()
  readonly #made = new Set<Attempt>()

  constructor(run: Run) {
    this.#run = run
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { context, takers, stop, verdicts } = this.#run
    const { step, signal } = context
    step(2)
    const tasks = verdicts.flatMap(verdict => this.#settle(verdict))
    const channel = this.#channel
    const kept = keptBackups(context.kept)
    const abort = () => channel.fail(stop.signal.reason)
    stop.signal.addEventListener('abort', abort, { once: true })
    // What one of them cannot do, none can: the others are stopped, and all of them are waited for before anything is cleaned up.
    const workers = takers.map(taker =>
      this.#work(taker, tasks, kept).catch(error => {
        channel.fail(error)
        stop.abort(error)
      }),
    )
    this.#working = Promise.all(workers).then(() => channel.end())
    let first = true
    try {
      for await (const artefact of channel.take()) {
        if (first) step(3)
        first = false
        yield artefact
      }
      this.#requireSome()
      yield resultsArtefact(this.#inOrder())
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      stop.signal.removeEventListener('abort', abort)
    }
  }

  units(): UnitEntry[] {
    const { context, inventory, plan } = this.#run
    context.step(plan.steps.length)
    const units = inventory.databases.flatMap(({ name }) => this.#entries.get(name) ?? [])
    return plan.kind === 'log' ? units : withFailed(units, this.#failed)
  }

  /** A BACKUP that is stopped removes nothing: its file is ours to remove. */
  async close(): Promise<void> {
    const { stop, takers, control, way } = this.#run
    stop.abort(new Error('the session was closed'))
    await this.#working
    await Promise.all(takers.map(taker => taker.end()))
    await Promise.all([...this.#made].map(attempt => attempt.discard()))
    await way.close()
    await control.end()
  }

  /** For the takers: an artefact of a task can be read. */
  hand({ database, kind }: Task, { resumeKey, ...content }: Content): void {
    const order = this.#run.inventory.databases.indexOf(database)
    const common = { ...content, unit: database.name, order }
    // A log that a killed run had staged is of no use to the next one: the server's next log begins behind it, so that the run becomes a differential.
    if (kind === 'log') this.#channel.push({ ...common, role: 'log' })
    else this.#channel.push({ ...common, role: 'database', ...(resumeKey !== undefined && { resumeKey }) })
  }

  /** What can be said of a database without a backup; the others are tasks. */
  #settle(verdict: Verdict): Task[] {
    const { plan, inventory, context } = this.#run
    const { database } = verdict
    switch (verdict.how) {
      case 'take':
        return [verdict.task]
      case 'unchanged': {
        const { base } = verdict
        const heads = plan.heads!
        const entry =
          plan.kind === 'log'
            ? unchangedLog(newest(entryOf(heads.log, database), base.entry), inventory.now)
            : unchangedSince(base, inventory.now)
        this.#entries.set(database.name, entry)
        this.#tell(database.name, { result: 'unchanged', reason: 'it is read only, and as it is in its full backup' })
        return []
      }
      case 'leave-out':
        if (verdict.warn) {
          this.#stays(database.name)
          context.warn('database-left-out', `${database.name}: ${verdict.reason}`)
        }
        this.#tell(database.name, { result: 'left-out', reason: verdict.reason })
        return []
      case 'fail':
      case 'waits':
      case 'broken':
        this.#fail(database.name, 'database-failed', verdict.reason)
        return []
    }
  }

  async #work(taker: Taker, tasks: Task[], kept: ReadonlyMap<string, KeptBackup>): Promise<void> {
    const { stop } = this.#run
    for (let task = tasks.shift(); task; task = tasks.shift()) {
      stop.signal.throwIfAborted()
      const backup = kept.get(task.database.name)
      if (backup && stillServes(backup, task)) {
        this.#done(task, backup.entry, backup.name)
        const { name, resumeKey, attributes } = backup
        this.hand(task, { name, resumeKey, attributes, read: nothing })
        continue
      }
      const made = await this.#take(taker, task)
      if (made) await this.#handOver(made)
    }
  }

  async #take(taker: Taker, task: Task): Promise<Made | undefined> {
    try {
      return await taker.take(task)
    } catch (error) {
      if (!(error instanceof ItemFailed)) throw error
      this.#fail(task.database.name, error.code, error.message)
      return undefined
    }
  }

  /** Returns when all of it is sealed and nothing of it is left. */
  async #handOver({ task, attempt, entry, attributes }: Made): Promise<void> {
    const { stop } = this.#run
    this.#made.add(attempt)
    this.#done(task, entry, attempt.file)
    this.report(task, 100)
    await unlessAborted(stop.signal, () => attempt.handOver(entry.info!.set!, attributes))
    this.#made.delete(attempt)
  }

  #done({ database: { name }, instead }: Task, entry: UnitEntry, file: string): void {
    this.#entries.set(name, entry)
    this.#tell(name, { result: 'backed-up', kind: entry.kind, file, ...(instead && { reason: instead.reason }) })
  }

  #fail(name: string, code: string, reason: string): void {
    this.#failed.push(name)
    this.#stays(name)
    this.#run.context.warn(code, `${name} was not backed up: ${reason}`)
    this.#tell(name, { result: 'failed', reason })
  }

  /** In a run of logs it is said where the log of a database stands that is not backed up. */
  #stays(name: string): void {
    const { plan } = this.#run
    const entry = plan.kind === 'log' && entryOf(plan.heads!.log, { name })
    if (entry) this.#entries.set(name, stillAt(entry))
  }

  #tell(database: string, result: Omit<Result, 'database'>): void {
    this.#results.set(database, { database, ...result })
  }

  #inOrder(): Result[] {
    return this.#run.inventory.databases.flatMap(({ name }) => this.#results.get(name) ?? [])
  }

  /** @throws Failure where not one of the databases that were to be backed up was */
  #requireSome(): void {
    const results = this.#inOrder()
    if (this.#failed.length === 0 || results.some(({ result }) => result === 'backed-up' || result === 'unchanged'))
      return
    const [first] = results.filter(({ result }) => result === 'failed')
    throw new Failure('sqlserver-nothing-backed-up', 'Not one database could be backed up', {
      why: `${first!.database}: ${first!.reason}`,
      fix: 'Look with: failsafe doctor',
      retriable: true,
    })
  }

  /** How far the BACKUP of a database is. */
  report({ database, kind }: Task, percent: number): void {
    if (!this.#run.way.writesFirst) return
    const bytes = kind === 'log' ? 0 : dataBytes(database)
    this.#written.set(database.name, (bytes * percent) / 100)
    this.#run.context.written([...this.#written.values()].reduce((sum, part) => sum + part, 0))
  }
}

/** For an artefact that is kept: nobody reads it. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

function newest(log: UnitEntry | undefined, data: UnitEntry): UnitEntry {
  return log && log.to.stream === data.to.stream && Date.parse(log.covers.to) > Date.parse(data.covers.to) ? log : data
}
