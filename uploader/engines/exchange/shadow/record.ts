import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../../files/write.ts'
import { plainText } from '../windows/tool.ts'
import { shadowIdsIn } from './diskshadow.ts'
import type { Exposure } from './script.ts'

/** What a run is about to make, on disk before it does: whoever comes after a crash finds it here. */
const ShadowRecord = z.object({
  format: z.literal('failsafe.exchange-shadows/1'),
  exposures: z.array(z.object({ alias: z.string(), letter: z.string(), device: z.string() })),
  /** Of the diskshadow that was started. */
  pid: z.number().nullable(),
})
export type ShadowRecord = z.infer<typeof ShadowRecord>

export function recordOf(exposures: readonly Exposure[], pid: number | null): ShadowRecord {
  return {
    format: 'failsafe.exchange-shadows/1',
    exposures: exposures.map(({ alias, letter, volume: { device } }) => ({ alias, letter, device })),
    pid,
  }
}

const pathIn = (directory: string) => join(directory, 'shadows.json')
export const logIn = (directory: string) => join(directory, 'diskshadow.log')

export function writeRecord(directory: string, record: ShadowRecord): Promise<void> {
  return writeDurably(pathIn(directory), JSON.stringify(record))
}

/** @returns undefined where no run had come so far */
export async function readRecord(directory: string): Promise<{ record: ShadowRecord; ids: string[] } | undefined> {
  const text = await textOf(pathIn(directory))
  if (text === undefined) return undefined
  const record = ShadowRecord.parse(JSON.parse(text))
  const aliases = record.exposures.map(({ alias }) => alias)
  return { record, ids: shadowIdsIn(plainText((await textOf(logIn(directory))) ?? ''), aliases) }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
