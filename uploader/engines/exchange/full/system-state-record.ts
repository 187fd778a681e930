import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const Record = z.object({ root: z.string() })

export const pathOfRecord = (directory: string) => join(directory, 'system-state.json')

/** What a run has had written to the target of the System State; undefined where none had come so far. */
export async function systemStateRoot(directory: string): Promise<string | undefined> {
  try {
    return Record.parse(JSON.parse(await readFile(pathOfRecord(directory), 'utf8'))).root
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
