import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLog } from '../tns/files/redo-log.ts'
import type { Database } from '../tns/model/database.ts'

/** The backups of archived logs that somebody else has made with RMAN, for as long as they are known. */
export class Repository {
  readonly #logs = new Map<string, Buffer>()

  /** BACKUP ARCHIVELOG ALL. */
  backUpLogs({ logs }: Database): void {
    for (const { name } of logs.archived) {
      if (name === null) continue
      const { thread, sequence } = readLog(name)!.header
      this.#logs.set(`${thread}/${sequence}`, readFileSync(name))
    }
  }

  /** Where RESTORE ARCHIVELOG has put it: into a directory, unless a copy is listed that is on disk, or in ASM. @throws Error in RMAN's words where there is no backup of it */
  restore({ logs, incarnation }: Database, thread: number, sequence: number, directory: string): string {
    const onDisk = logs.archived.find(log => log.thread === thread && log.sequence === sequence && log.name !== null)
    if (onDisk) return onDisk.name!
    const bytes = this.#logs.get(`${thread}/${sequence}`)
    if (bytes === undefined)
      throw new Error(
        `RMAN-06026: some targets not found - aborting restore\nRMAN-06025: no backup of archived log for thread ${thread} with sequence ${sequence} found to restore`,
      )
    const path = join(directory, `${thread}_${sequence}_${incarnation.resetlogsId}.arc`)
    writeFileSync(path, bytes)
    logs.catalog(path)
    return path
  }
}
