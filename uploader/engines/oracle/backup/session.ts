import { setTimeout } from 'node:timers/promises'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Session, StagedArtefact } from '../../engine.ts'
import { text } from '../../row.ts'
import { explain } from '../connection/errors.ts'
import { enabledThreads } from '../inventory.ts'
import { type Behind, behindOf } from '../plan/continuation.ts'
import { scnOf } from '../position.ts'
import { Pieces } from '../rman/pieces.ts'
import * as discovery from '../statements/discovery.ts'
import { ArchivedLogs, startBehind } from './archived-logs.ts'
import { attempts } from './attempts.ts'
import { DataFiles } from './data-files.ts'
import { fullEntry, logEntry, reachedBy, type TakenThread } from './entry.ts'
import { requireSameHistory, warnOfFiles } from './look-again.ts'
import { currentLogs } from './redo.ts'
import type { Run } from './run.ts'
import { SettingsFiles } from './settings-files.ts'

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
  readonly #archived: ArchivedLogs
  #units: UnitEntry[] = []

  constructor(run: Run) {
    this.#run = run
    this.#settingsFiles = new SettingsFiles(run)
    this.#archived = new ArchivedLogs(run)
    if (run.plan.kind === 'full') this.#pieces = Pieces.of(run)
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
    await warnOfFiles(this.#run)
    await this.#pieces?.make()
    yield* this.#pieces ? this.#pieces.artefacts() : new DataFiles(this.#run).artefacts()
    const endScn = text(await control.one(discovery.database, { signal }), 'scn')
    step(3)
    yield* this.#settingsFiles.artefacts(true)
    step(4)
    // A moment is a second to RECOVER UNTIL TIME: the end of backup mode has to lie in one before that of the switch.
    await sleep(times.second, signal)
    const threads = await this.#archived.take(
      enabledThreads(inventory),
      thread => first.get(thread) ?? { scn: beginScn, sequence: undefined },
    )
    yield* this.#archived.artefacts(threads)
    await requireSameHistory(this.#run)
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
    const threads = await this.#archived.take([...starts.keys()], thread => startBehind(starts.get(thread)!), behind)
    yield* this.#archived.artefacts(threads)
    await requireSameHistory(this.#run)
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

  units(): UnitEntry[] {
    const { context, plan } = this.#run
    context.step(plan.steps.length)
    return this.#units
  }

  async close(): Promise<void> {
    const { backupMode, files, directories, control, context } = this.#run
    const attempt = attempts(context)
    if (backupMode.isOn) await attempt('oracle-backup-mode-left', () => backupMode.end())
    await attempt('oracle-left-behind', () => this.#settingsFiles.close())
    await attempt('oracle-left-behind', async () => this.#pieces?.close())
    await attempt('oracle-left-behind', () => this.#archived.close())
    await files.close()
    await attempt('oracle-left-behind', () => directories.close())
    await control.end()
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return milliseconds === 0 ? Promise.resolve() : setTimeout(milliseconds, undefined, { signal })
}
