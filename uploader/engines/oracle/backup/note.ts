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

/** `database`: DBID. */
const InBackupMode = z.object({
  format: z.literal('failsafe.oracle-backup-mode/1'),
  database: z.string(),
  held: z.array(Held),
})

/** `rman`: where its program lies, and the instance that was shut down; `pid`: its process that does it. `containers`: those that were open, and how. */
const Closed = z.object({
  format: z.literal('failsafe.oracle-closed/1'),
  database: z.string(),
  rman: z.object({ home: z.string(), sid: z.string(), program: z.string().optional() }),
  pid: z.number().optional(),
  containers: z.array(z.object({ name: z.string(), openMode: z.string() })),
})
export type Closed = z.infer<typeof Closed>

const Note = z.discriminatedUnion('format', [InBackupMode, Closed])

/** What a run has changed of the database, or is about to: a file on the disk before that, and until it is undone. It outlives the run (port: `undo`). */
export type Note = z.infer<typeof Note>

/** @throws Failure `oracle-journal` for what cannot be read: nobody would know what is to be undone */
export async function readNote(path: string): Promise<Note | undefined> {
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
  try {
    return Note.parse(JSON.parse(content))
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Returns when it is on the disk. */
export async function writeNote(path: string, note: Note): Promise<void> {
  await makeDirectory(dirname(path), 0o700)
  await writeDurably(path, `${JSON.stringify(note)}\n`)
}

export async function removeNote(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncDirectory(dirname(path))
}

function unreadable(path: string, cause: unknown): Failure {
  return new Failure('oracle-journal', `The note of what a run has changed of the database, ${path}, cannot be read`, {
    fix: 'See whether the database is open, and files are in backup mode (SELECT * FROM v$backup); open it, end backup mode if nobody else is backing up, and remove this file',
    cause,
  })
}
