import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { generationOf } from '../ese/log-name.ts'
import { readLogHeader } from '../ese/read.ts'
import type { ClosedLogs } from '../inventory.ts'
import { localPath } from '../windows/local-path.ts'
import { whenFree } from './when-free.ts'

export interface LogFile {
  name: string
  generation: number
}

/** The closed logs of a folder, by their numbers. A name of five and one of eight digits may be of the same number: the longer one is newer. */
export async function listClosed(folder: string, base: string): Promise<LogFile[]> {
  let names: string[]
  try {
    names = await readdir(localPath(folder))
  } catch (cause) {
    throw new Failure('exchange-log-folder', `The log folder ${folder} cannot be read`, {
      why: messageOf(cause),
      fix: 'Run failsafe as an administrator, and see that the volume is there',
      retriable: true,
      cause,
    })
  }
  const logs = new Map<number, LogFile>()
  for (const name of names) {
    const generation = generationOf(name, base)
    if (generation === undefined) continue
    const other = logs.get(generation)
    if (!other || other.name.length < name.length) logs.set(generation, { name, generation })
  }
  return [...logs.values()].sort((a, b) => a.generation - b.generation)
}

/** @returns null where the folder cannot be seen, or holds none */
export async function closedLogs(folder: string, base: string, signal: AbortSignal): Promise<ClosedLogs | null> {
  const logs = await listClosed(folder, base).catch(() => []) // a run that needs them lists them again
  const [lowest, highest] = [logs[0], logs.at(-1)]
  if (!lowest || !highest) return null
  const path = `${folder}\\${highest.name}`
  const { signLog } = await whenFree(() => readLogHeader(join(localPath(folder), highest.name), path), path, signal)
  return { count: logs.length, lowest: lowest.generation, highest: highest.generation, signLog }
}
