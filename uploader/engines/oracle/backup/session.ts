import { setTimeout } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Plan, Session, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { text } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { ConnectionLost, explain, StatementError } from '../connection/errors.ts'
import type { Directories } from '../files/directories.ts'
import type { ServerFiles } from '../files/server-file.ts'
import { safeName } from '../files/server-path.ts'
import { threadsOf, topologyOf } from '../inspect.ts'
import { type DataFile, enabledThreads, type Inventory, treatmentOf } from '../inventory.ts'
import { type ArchivedLog, isGap } from '../logs/archived-log.ts'
import { type Behind, behindOf } from '../plan/continuation.ts'
import { scnOf, unitOf } from '../position.ts'
import { Pieces } from '../rman/pieces.ts'
import type { Settings } from '../settings.ts'
import * as discovery from '../statements/discovery.ts'
import { type Active, type BackupMode, tablespacesOf } from './backup-mode.ts'
import { type Copied, copyDataFile } from './copy-data-file.ts'
import { copyLog, LogGone } from './copy-log.ts'
import { fullEntry, instantOf, logEntry, reachedBy, type TakenThread } from './entry.ts'
import { explainFile } from './explain.ts'
import { Hold } from './holds.ts'
import type { Scope } from './journal.ts'
import { archive, currentLogs, logsOf, type Waiting } from './redo.ts'
import { SettingsFiles, wholeDatabase } from './settings-files.ts'

export interface Run {
  plan: Plan
  settings: Settings
  inventory: Inventory
  control: Control
  files: ServerFiles
  directories: Directories
  backupMode: BackupMode
  /** Of what the server is told to write. */
  prefix: string
  context: BackupContext
  /** Milliseconds. */
  times: Times
}

export interface Times {
  /** That archiving may take. */
  archive: number
  waiting: Waiting
  /** Until the clock of the server shows another second. */
  second: number
}

/**
 * A full:  BEGIN BACKUP ── copies of data files ── END ── control file, parameters ── archive ── logs since BEGIN
 * A log:                                                  control file, parameters ── archive ── logs since the last run
 *
 * The control file is newer than the data files, as recovery needs it, and older than the end of the redo: so it names no data file that is made behind that.
 */
export class OracleSession implements Session {
  readonly #run: Run
  readonly #settingsFiles: SettingsFiles
  readonly #pieces: Pieces | undefined
  #units: UnitEntry[] = []

  constructor(run: Run) {
    this.#run = run
    const { control, files, settings, inventory, prefix, context } = run
    const { signal, warn } = context
    this.#settingsFiles = new SettingsFiles({ control, files, settings, inventory, prefix, signal, warn })
    const { rman } = settings
    if (rman && run.plan.kind === 'full')
      this.#pieces = new Pieces({ settings, rman, files, prefix, unit: wholeDatabase, context })
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { plan, context } = this.#run
    try {
      if (plan.kind === 'log') yield* this.#logRun()
      else yield* this.#fullRun()
    } catch (error) {
      context.signal.throwIfAborted()
      throw explain(error)
    }
  }

  async *#fullRun(): AsyncGenerator<StagedArtefact> {
    const { control, inventory, settings, context, times } = this.#run
    const { step, signal } = context
    step(2)
    const began = inventory.now
    const beginScn = text(await control.one(discovery.database, { signal }), 'scn')
    const first = await currentLogs(control, signal)
    await this.#warnOfFiles()
    yield* this.#pieces ? this.#pieces.artefacts() : this.#dataFiles()
    const endScn = text(await control.one(discovery.database, { signal }), 'scn')
    step(3)
    yield* this.#settingsFiles.artefacts(true)
    step(4)
    // A moment is a second to RECOVER UNTIL TIME: the end of backup mode has to lie in one before that of the switch.
    await sleep(times.second, signal)
    const threads = await this.#archived(enabledThreads(inventory), thread => first.get(thread) ?? beginScn)
    yield* this.#logs(threads)
    await this.#requireSameHistory()
    const reached = reachedBy(threads, inventory)
    const covers = { from: Date.parse(began) < Date.parse(reached) ? began : reached, to: reached }
    this.#units = threads.map(taken =>
      fullEntry(inventory, taken, covers, { beginScn, endScn, method: settings.method }),
    )
  }

  async *#logRun(): AsyncGenerator<StagedArtefact> {
    const { plan, inventory, context } = this.#run
    const { step } = context
    step(2)
    yield* this.#settingsFiles.artefacts(false)
    step(3)
    const behind = behindOf(inventory, plan.heads!)
    const starts = new Map(behind.map(each => [each.thread, this.#startOf(each)]))
    const threads = await this.#archived([...starts.keys()], thread => scnOf(starts.get(thread)!.to.at), behind)
    yield* this.#logs(threads)
    await this.#requireSameHistory()
    const reached = reachedBy(threads, inventory)
    this.#units = threads.map(taken => logEntry(inventory, taken, this.#behind(behind, taken), reached))
  }

  /** What a thread goes on from: its last log, so that nothing is missing between that and a full; else the full. */
  #startOf({ log, data }: Behind): UnitEntry {
    return (log ?? data)!
  }

  #behind(behind: readonly Behind[], taken: TakenThread): UnitEntry {
    const { log, data } = behind.find(({ thread }) => thread === taken.thread)!
    return log && scnOf(log.to.at) === taken.from ? log : (data ?? log)!
  }

  /** Files in backup mode first: it ends when the last of them is read, and then come those that nobody writes to. */
  async *#dataFiles(): AsyncGenerator<StagedArtefact> {
    const { inventory, settings, context } = this.#run
    const groups = Map.groupBy(inventory.dataFiles, file => treatmentOf(file, inventory))
    const hot = (groups.get('hot') ?? []).toSorted((a, b) => b.bytes - a.bytes)
    const holds = settings.backupMode === 'database' ? await this.#wholeDatabase(hot) : this.#byTablespace(hot)
    const all: Hold[] = []
    for (const { hold, begin } of holds) {
      all.push(hold)
      const active = await begin()
      for (const file of hold.files) yield this.#dataFile(file, this.#sinceOf(file, active), hold)
    }
    await untilAborted(Promise.all(all.map(({ ended }) => ended)), context.signal)
    for (const file of groups.get('still') ?? []) yield this.#dataFile(file, undefined, undefined)
  }

  #begin(scope: Scope): Promise<Active> {
    return this.#run.backupMode.begin(scope, this.#run.context.signal)
  }

  /** All at once, or where the account may not do that, by tablespaces. */
  async #wholeDatabase(hot: readonly DataFile[]): Promise<{ hold: Hold; begin: () => Promise<Active> }[]> {
    const { inventory, context } = this.#run
    if (hot.length === 0) return []
    const hold = new Hold({ what: 'database' }, hot)
    try {
      const active = await this.#begin(hold.scope)
      return [{ hold, begin: async () => active }]
    } catch (error) {
      if (!(error instanceof StatementError && error.number === insufficient)) throw error
      context.warn(
        'oracle-by-tablespace',
        'the account may not put the whole database in backup mode (ALTER DATABASE): one tablespace after the other is',
      )
      return this.#byTablespace(hot, inventory)
    }
  }

  #byTablespace(hot: readonly DataFile[], inventory = this.#run.inventory) {
    return tablespacesOf(hot, inventory).map(scope => {
      const hold = new Hold(
        scope,
        hot.filter(file => tablespacesOf([file], inventory).every(of => sameTablespace(of, scope))),
      )
      return { hold, begin: () => this.#begin(scope) }
    })
  }

  /** @throws Failure `oracle-not-in-backup-mode`: a copy of a file that is written to would be worth nothing */
  #sinceOf(file: DataFile, active: Active): string {
    const since = active.get(file.number)
    if (since !== undefined) return since
    throw new Failure('oracle-not-in-backup-mode', `${file.path} is not in backup mode`, {
      why: 'it was taken offline, dropped or made read only since the run began',
      fix: 'Run the backup again',
      retriable: true,
    })
  }

  #dataFile(file: DataFile, since: string | undefined, hold: Hold | undefined): StagedArtefact {
    const { inventory, files, backupMode, settings, context } = this.#run
    const { signal, warn } = context
    const container = inventory.containers.find(({ id }) => id === file.container)
    const databaseIds = [inventory.id, ...(container ? [container.databaseId] : [])]
    const attributes: Record<string, string> = {
      file: String(file.number),
      path: file.path,
      tablespace: file.tablespace,
      ...(container && { container: container.name }),
      copied: since === undefined ? 'still' : 'backup-mode',
    }
    const stillAt = () => this.#requireStill(file)
    async function* read() {
      const source = await files.open(file.path)
      let copied: Copied | undefined
      try {
        yield* copyDataFile(source, { file, databaseIds, since, signal }, result => {
          copied = result
        })
      } finally {
        await source.close()
      }
      const { header, damaged } = copied!
      attributes.checkpointScn = header.checkpointScn
      attributes.blocks = String(header.blocks)
      attributes.blockSize = String(header.blockSize)
      if (damaged.length > 0) {
        attributes.damaged = damaged.slice(0, 100).join(',')
        warn(
          'oracle-blocks-damaged',
          `${file.path}: ${damaged.length} blocks are damaged on the server's own disk (${damaged.slice(0, 5).join(', ')}${damaged.length > 5 ? ', …' : ''}); they are backed up as they are`,
        )
      }
    }
    return {
      name: `datafiles/${String(file.number).padStart(4, '0')}-${safeName(file.path)}`,
      role: 'data',
      unit: wholeDatabase,
      order: 10 + file.number,
      attributes,
      async *read() {
        let whole = false
        try {
          yield* read()
          if (hold) await hold.done(() => backupMode.end(hold.scope))
          else await stillAt()
          whole = true
        } catch (error) {
          const explained = explain(explainFile(error, topologyOf(settings)))
          hold?.fail(explained)
          throw explained
        } finally {
          if (!whole) hold?.fail(new Error(`${file.path} was not read to its end`))
        }
      },
    }
  }

  /** @throws Failure `oracle-file-changed` where a file that nobody was to write to has been */
  async #requireStill({ number, path, checkpointScn, enabled, status }: DataFile): Promise<void> {
    const { control, context } = this.#run
    const rows = await control.query(discovery.dataFiles, { signal: context.signal })
    const now = rows.find(row => text(row, 'file_number') === String(number))
    const same =
      now !== undefined &&
      text(now, 'checkpoint_scn') === checkpointScn &&
      text(now, 'enabled') === enabled &&
      text(now, 'status') === status
    if (same) return
    throw new Failure('oracle-file-changed', `${path} was opened for writing while it was copied`, {
      why: 'it was read only, offline, or of a closed container when the run began',
      fix: 'Run the backup again',
      retriable: true,
    })
  }

  async #warnOfFiles(): Promise<void> {
    const { control, inventory, context } = this.#run
    const rows = await control.query(discovery.filesToRecover, { signal: context.signal })
    for (const row of rows) {
      const file = inventory.dataFiles.find(({ number }) => String(number) === text(row, 'file_number'))
      if (file)
        context.warn('oracle-file-to-recover', `${file.path} needs media recovery: its copy is of the state it is in`)
    }
    for (const row of await control.query(discovery.wallets, { signal: context.signal }))
      context.warn(
        'oracle-keystore',
        `the keystore at ${text(row, 'place')} is in no backup: without it what is encrypted cannot be opened. Keep a copy of it elsewhere`,
      )
  }

  /** @param fallbacks where a log run may begin instead if its last log is not followed any more */
  async #archived(
    threads: readonly number[],
    fromOf: (thread: number) => string,
    fallbacks: readonly Behind[] = [],
  ): Promise<TakenThread[]> {
    const { control, plan, context, times } = this.#run
    const { signal } = context
    await archive(control, times.archive, signal)
    const current = await currentLogs(control, signal)
    const taken: TakenThread[] = []
    for (const thread of threads) {
      const to = current.get(thread) ?? fromOf(thread)
      const starts = [fromOf(thread), ...laterStart(fallbacks, thread)]
      let reason = ''
      for (const from of starts) {
        const logs = await logsOf(control, { thread, from, to }, times.waiting, signal)
        if (!isGap(logs)) {
          if (reason !== '')
            context.warn('oracle-logs-missing', `${reason}: moments before the last full are not restorable`)
          taken.push({ thread, from, to, logs })
          break
        }
        reason ||= logs.reason
      }
      if (taken.at(-1)?.thread !== thread) throw this.#gap(plan.kind, reason)
    }
    return taken
  }

  #gap(kind: Plan['kind'], reason: string, cause?: unknown): Failure {
    if (kind === 'log') return new PromotionNeeded({ code: 'LOG_GONE', reason }, cause)
    return new Failure('oracle-log-gone', 'An archived log that makes this backup consistent is gone already', {
      why: reason,
      fix: 'Let whatever deletes archived logs keep them for some hours, and run the backup again',
      retriable: true,
      cause,
    })
  }

  *#logs(threads: readonly TakenThread[]): Generator<StagedArtefact> {
    for (const { thread, logs } of threads) for (const log of logs) yield this.#log(thread, log)
  }

  #log(thread: number, log: ArchivedLog): StagedArtefact {
    const { inventory, files, plan, control, context, times } = this.#run
    const again = async () => {
      const rows = await logsOf(
        control,
        { thread, from: log.firstScn, to: log.nextScn },
        { ...times.waiting, attempts: 1 },
        context.signal,
      )
      return isGap(rows) ? [] : rows[0]!.paths
    }
    const gone = (error: LogGone) => this.#gap(plan.kind, error.message, error)
    return {
      // As LOG_ARCHIVE_FORMAT '%t_%s_%r.arc' has it, which the parameters of a restore name.
      name: `logs/${thread}_${log.sequence}_${log.incarnation}.arc`,
      role: 'log',
      unit: unitOf(thread),
      order: 100_000 + log.sequence,
      attributes: {
        thread: String(thread),
        sequence: String(log.sequence),
        incarnation: log.incarnation,
        firstScn: log.firstScn,
        nextScn: log.nextScn,
        firstTime: instantOf(log.firstTime, inventory),
        nextTime: instantOf(log.nextTime, inventory),
      },
      async *read() {
        try {
          yield* copyLog(files, log, inventory.id, again)
        } catch (error) {
          throw error instanceof LogGone ? gone(error) : explain(error)
        }
      },
    }
  }

  /** RESETLOGS, or a thread that was enabled or disabled, since the run began: what was taken is not all of one history. */
  async #requireSameHistory(): Promise<void> {
    const { control, inventory, plan, context } = this.#run
    const { signal } = context
    const is = await control.one(discovery.database, { signal })
    const same = text(is, 'dbid') === inventory.id && text(is, 'resetlogs_scn') === inventory.incarnation.scn
    const threads = await control.again(session => threadsOf(session), signal)
    const sameThreads = JSON.stringify(threads) === JSON.stringify(inventory.threads)
    if (same && sameThreads) return
    const [code, reason] = same
      ? ['THREAD_CHANGED', 'a redo thread was enabled or disabled while the run was under way']
      : ['RESETLOGS', 'it was opened with RESETLOGS while the run was under way']
    if (plan.kind === 'log') throw new PromotionNeeded({ code, reason })
    throw new Failure('oracle-changed', 'The redo of the database is not what it was when the run began', {
      why: reason,
      fix: 'Run the backup again',
      retriable: true,
    })
  }

  units(): UnitEntry[] {
    const { context, plan } = this.#run
    context.step(plan.steps.length)
    return this.#units
  }

  async close(): Promise<void> {
    const { backupMode, files, directories, control, context } = this.#run
    let reached = true
    const attempt = async (code: string, work: () => Promise<void>) => {
      if (!reached) return
      try {
        await work()
      } catch (error) {
        context.warn(code, error instanceof Failure ? error.line : messageOf(error))
        reached = !(error instanceof ConnectionLost || error instanceof Failure)
      }
    }
    if (backupMode.isOn) await attempt('oracle-backup-mode-left', () => backupMode.end())
    await attempt('oracle-left-behind', () => this.#settingsFiles.close())
    await attempt('oracle-left-behind', async () => this.#pieces?.close())
    await files.close()
    await attempt('oracle-left-behind', () => directories.close())
    await control.end()
  }
}

const insufficient = 1031

function laterStart(behind: readonly Behind[], thread: number): string[] {
  const found = behind.find(each => each.thread === thread)
  if (!found?.log || !found.data || found.data.to.at <= found.log.to.at) return []
  return [scnOf(found.data.to.at)]
}

function sameTablespace(a: Extract<Scope, { what: 'tablespace' }>, b: Extract<Scope, { what: 'tablespace' }>): boolean {
  return a.container === b.container && a.tablespace === b.tablespace
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return milliseconds === 0 ? Promise.resolve() : setTimeout(milliseconds, undefined, { signal })
}

/** @throws the signal's reason as soon as it is aborted */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
