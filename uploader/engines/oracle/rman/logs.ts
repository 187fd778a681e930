import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { BackupContext } from '../../engine.ts'
import { text } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { FileUnreadable, type ServerFiles } from '../files/server-file.ts'
import { joinPath } from '../files/server-path.ts'
import type { ArchivedLog } from '../logs/archived-log.ts'
import type { RmanSettings } from '../settings.ts'
import { restoredLogs } from '../statements/files.ts'
import { connect, copyLog, forgetLog, restoreLog } from './commands.ts'
import { runRman } from './program.ts'

export interface RmanLogsRun {
  rman: RmanSettings
  /** Where RMAN is to put them, as the server names it. */
  directory: string
  /** Of what is written there by this source. */
  prefix: string
  control: Control
  files: ServerFiles
  context: Pick<BackupContext, 'signal' | 'warn'>
}

/**
 * Archived logs that cannot be read where they are: RMAN copies them out of ASM, or restores them from backups of its own. They lie in the exchange directory until
 * they are read, and the control file knows them until the run ends.
 */
export class RmanLogs {
  readonly #run: RmanLogsRun
  readonly #known = new Set<string>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(run: RmanLogsRun) {
    this.#run = run
  }

  /** Removes what a killed run has left there: nobody else lets RMAN put logs into that directory. */
  async sweep(): Promise<void> {
    const { control, directory, context } = this.#run
    const rows = await control.query(restoredLogs(joinPath(directory, '')), { signal: context.signal })
    for (const row of rows) {
      this.#known.add(text(row, 'name'))
      await this.remove(text(row, 'name'))
    }
    await this.close()
  }

  /** @returns where it lies now; undefined where RMAN cannot get it either, which it is not asked twice. Two at a time take turns */
  fetch(log: ArchivedLog): Promise<string | undefined> {
    const next = this.#last.then(() => this.#fetch(log))
    this.#last = next.catch(() => {})
    return next
  }

  async #fetch(log: ArchivedLog): Promise<string | undefined> {
    const { rman, directory, prefix, context } = this.#run
    const copy = joinPath(directory, `${prefix}log-${log.thread}_${log.sequence}_${log.incarnation}.arc`)
    const command = log.paths.length > 0 ? copyLog(log, copy) : restoreLog(log, directory)
    try {
      await runRman(rman, [connect, command], context.signal)
    } catch (error) {
      context.signal.throwIfAborted()
      const why = error instanceof Failure ? error.line : messageOf(error)
      context.warn('rman-log', `RMAN cannot get sequence ${log.sequence} of thread ${log.thread}: ${why}`)
      return undefined
    }
    const path = log.paths.length > 0 ? copy : await this.#restored(log)
    if (path !== undefined) this.#known.add(path)
    return path
  }

  /** It has the name that the database gives its logs. */
  async #restored({ thread, sequence }: ArchivedLog): Promise<string | undefined> {
    const { control, directory, context } = this.#run
    const rows = await control.query(restoredLogs(joinPath(directory, '')), { signal: context.signal })
    const row = rows.find(
      each => text(each, 'thread') === String(thread) && text(each, 'sequence') === String(sequence),
    )
    return row && text(row, 'name')
  }

  /** It was read. What cannot be removed is left for `sweep`. */
  async remove(path: string): Promise<void> {
    const { files, context } = this.#run
    try {
      await files.remove(path)
    } catch (error) {
      if (!(error instanceof FileUnreadable)) throw error
      context.warn('oracle-left-behind', `${path} stays on the server: ${error.message}`)
    }
  }

  /** The control file forgets those that were read. */
  async close(): Promise<void> {
    const { rman } = this.#run
    if (this.#known.size === 0) return
    for (const path of this.#known) await this.remove(path)
    await runRman(rman, [connect, ...[...this.#known].map(forgetLog)], AbortSignal.timeout(forgetTimeout))
    this.#known.clear()
  }
}

const forgetTimeout = 600_000
