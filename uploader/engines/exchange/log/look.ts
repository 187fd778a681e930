import { stat } from 'node:fs/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { type LogHeader, logDamaged } from '../ese/log-header.ts'
import { hex } from '../ese/log-name.ts'
import { readLogHeader } from '../ese/read.ts'
import { localPath } from '../windows/local-path.ts'
import type { LogFile } from './closed.ts'

/** A closed log as it lies there, whose header, number and size are what they should be. */
export interface SeenLog {
  path: string
  size: number
  /** Milliseconds. */
  modified: number
  header: LogHeader
}

/** @throws Failure `exchange-log-damaged` for a log that is not the one that its name says, or is cut off; what the file system says */
export async function lookAtLog(folder: string, { name, generation }: LogFile): Promise<SeenLog> {
  const path = `${folder}\\${name}`
  const { size, mtimeMs: modified } = await stat(localPath(path))
  const header = await readLogHeader(localPath(path), path)
  if (header.generation !== generation)
    throw logDamaged(
      path,
      `its name says ${hex(generation)}, and it is ${hex(header.generation)} (JET_errLogGenerationMismatch, -513)`,
    )
  if (header.size !== size) throw logDamaged(path, `it has ${size} bytes, and says that it has ${header.size}`)
  return { path, size, modified, header }
}

/**
 * Why a log cannot be had, where that concerns its database alone. To a recovery, what the disk does not give is damaged too.
 * @throws anything else: the run is stopped
 */
export function damageOf(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  if (typeof (error as NodeJS.ErrnoException).syscall === 'string') return logDamaged(path, messageOf(error))
  throw error
}
