import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../../files/write.ts'

/** What a run has had written to the target of the System State, on disk before it is. */
const Record = z.object({
  root: z.string(),
  /** Of the `wbadmin` that writes it, as long as it does. */
  pid: z.number().nullable(),
})
export type SystemStateRecord = z.infer<typeof Record>

const pathIn = (directory: string) => join(directory, 'system-state.json')

export function writeSystemStateRecord(directory: string, record: SystemStateRecord): Promise<void> {
  return writeDurably(pathIn(directory), JSON.stringify(record))
}

/** @returns undefined where nothing of it is left */
export async function readSystemStateRecord(directory: string): Promise<SystemStateRecord | undefined> {
  try {
    return Record.parse(JSON.parse(await readFile(pathIn(directory), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What lies there from now on is somebody else's. */
export async function forgetSystemState(directory: string): Promise<void> {
  await rm(pathIn(directory), { force: true })
}
