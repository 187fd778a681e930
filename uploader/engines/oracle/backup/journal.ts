import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Failure } from '../../../../shared/failure.ts'
import { makeDirectory } from '../../../files/make-directory.ts'
import { syncDirectory } from '../../../files/sync-directory.ts'
import { writeDurably } from '../../../files/write.ts'

/** What a run has put in backup mode, or is about to: all of the database, or a tablespace of one container (an empty name where there are none). */
export const Scope = z.union([
  z.object({ what: z.literal('database') }),
  z.object({ what: z.literal('tablespace'), container: z.string(), tablespace: z.string() }),
])
export type Scope = z.infer<typeof Scope>

/** `scn`: of the database just before; what is in backup mode since an earlier one is somebody else's. `files`: since when each is, once that was seen. */
export const Held = z.object({
  scope: Scope,
  scn: z.string(),
  files: z.record(z.string(), z.string()).nullable(),
})
export type Held = z.infer<typeof Held>

const Content = z.object({
  format: z.literal('failsafe.oracle-backup-mode/1'),
  database: z.string(),
  held: z.array(Held),
})
export type JournalContent = z.infer<typeof Content>

/** On the disk before backup mode begins, and until it has ended: a file that outlives the run (port: `undo`). */
export class BackupModeJournal {
  readonly #path: string
  readonly #database: string
  #held: Held[] = []
  #last: Promise<void> = Promise.resolve()

  constructor(path: string, database: string) {
    this.#path = path
    this.#database = database
  }

  /** @throws Failure `oracle-journal` for what cannot be read: nobody would know what is to be undone */
  static async read(path: string): Promise<JournalContent | undefined> {
    let content: string
    try {
      content = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw unreadable(path, error)
    }
    try {
      return Content.parse(JSON.parse(content))
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  /** Returns when it is on the disk. */
  add(held: Held): Promise<void> {
    this.#held.push(held)
    return this.#save()
  }

  /** What was noted has become more, or less. */
  update(change: (held: Held[]) => Held[]): Promise<void> {
    this.#held = change(this.#held)
    return this.#save()
  }

  get held(): readonly Held[] {
    return this.#held
  }

  static async remove(path: string): Promise<void> {
    await rm(path, { force: true })
    await syncDirectory(dirname(path))
  }

  /** One after the other, each with what is known when it is written. */
  #save(): Promise<void> {
    const next = this.#last.then(async () => {
      if (this.#held.length === 0) return BackupModeJournal.remove(this.#path)
      const content: JournalContent = {
        format: 'failsafe.oracle-backup-mode/1',
        database: this.#database,
        held: this.#held,
      }
      await makeDirectory(dirname(this.#path), 0o700)
      await writeDurably(this.#path, `${JSON.stringify(content)}\n`)
    })
    this.#last = next.catch(() => {})
    return next
  }
}

function unreadable(path: string, cause: unknown): Failure {
  return new Failure('oracle-journal', `The note of what is in backup mode, ${path}, cannot be read`, {
    fix: 'See whether files are in backup mode (SELECT * FROM v$backup), end it if nobody else is backing up, and remove this file',
    cause,
  })
}
