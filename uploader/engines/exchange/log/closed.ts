import { readdir } from 'node:fs/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { checkpointSize, parseCheckpoint } from '../ese/checkpoint.ts'
import { generationOf } from '../ese/log-name.ts'
import { firstBytes } from '../ese/read.ts'
import type { ClosedLogs } from '../inventory.ts'
import { localPath } from '../windows/local-path.ts'
import { damageOf, lookAtLog } from './look.ts'
import { isHeld, whenFree } from './when-free.ts'

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
  const needed = await recoveryFrom(folder, base, highest.generation)
  let damaged: Failure | null = null
  let signLog: string | null = null
  for (const log of logs.filter(({ generation }) => generation >= needed).reverse()) {
    signal.throwIfAborted()
    const path = `${folder}\\${log.name}`
    const look = () => lookAtLog(folder, log)
    try {
      const { header } = log === highest ? await whenFree(look, path, signal) : await look()
      if (log === highest) signLog = header.signLog
    } catch (error) {
      if (isHeld(error)) continue // a shadow copy has it all the same
      damaged ??= damageOf(error, path)
    }
  }
  return { count: logs.length, lowest: lowest.generation, highest: highest.generation, signLog, damaged }
}

/** The lowest generation that a recovery of what is on the disk reads, as the checkpoint says; where that cannot be read, the newest closed one. */
async function recoveryFrom(folder: string, base: string, newest: number): Promise<number> {
  try {
    const checkpoint = parseCheckpoint(await firstBytes(localPath(`${folder}\\${base}.chk`), checkpointSize))
    return checkpoint?.at.generation ?? newest
  } catch {
    return newest
  }
}
