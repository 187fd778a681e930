import { readdir, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Settings } from '../settings.ts'
import { programs, requireProgram } from './program.ts'

/** What a physical backup has to know of the machine that it runs on. */
export interface Machine {
  program: string
  programVersion: string
  /** Names this very data directory: one that was put in its place, be it a copy of it, has another name. */
  instance: string
  /** How far InnoDB's redo log has come. */
  lsn: string
  /** Bytes of its data files. */
  bytes: number
}

/** @throws Failure `mysql-physical-…` with what is missing here */
export async function lookAtMachine(
  server: Server,
  inventory: Pick<Inventory, 'flavour' | 'release' | 'version' | 'hostname' | 'dataDirectory'>,
  settings: Pick<Settings, 'program'>,
  signal: AbortSignal,
): Promise<Machine> {
  const program = settings.program ?? programs[inventory.flavour].backup
  const version = requireProgram(program, inventory, signal)
  const data = lookAtData(server, inventory)
  // At the same time; what is wrong with the program is said first.
  await Promise.allSettled([version, data])
  return { program, programVersion: await version, ...(await data) }
}

async function lookAtData(
  server: Server,
  { hostname, dataDirectory }: Pick<Inventory, 'hostname' | 'dataDirectory'>,
): Promise<Pick<Machine, 'instance' | 'lsn' | 'bytes'>> {
  requireHere({ hostname, dataDirectory })
  try {
    // It is made with the data directory, and no upgrade makes it anew.
    const { ino, birthtimeNs } = await stat(join(dataDirectory, 'mysql'), { bigint: true })
    const bytes = await sizeOf(dataDirectory)
    return { instance: `${ino}-${birthtimeNs}`, lsn: await currentLsn(server), bytes }
  } catch (error) {
    throw explain(error, dataDirectory)
  }
}

function requireHere({ hostname: server, dataDirectory }: Pick<Inventory, 'hostname' | 'dataDirectory'>): void {
  if (server !== hostname())
    throw elsewhere(`the server says it runs on ${server}, and this is ${hostname()}`, dataDirectory)
}

function elsewhere(why: string, dataDirectory: string, cause?: unknown): Failure {
  return new Failure(
    'mysql-physical-elsewhere',
    `The server’s data directory ${dataDirectory} is not on this machine`,
    {
      why,
      fix: 'Run failsafe on the machine (and in the container) of the server, or set method: logical',
      cause,
    },
  )
}

function explain(error: unknown, dataDirectory: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return elsewhere('there is no such directory here', dataDirectory, error)
  if (code !== 'EACCES' && code !== 'EPERM') return error
  return new Failure('mysql-physical-unreadable', `The server’s data directory ${dataDirectory} cannot be read`, {
    why: messageOf(error),
    fix: 'Run failsafe as root or as the account of the server, or set method: logical',
    cause: error,
  })
}

/** Of the files of all databases and of the tablespaces beside them; not of logs. */
async function sizeOf(dataDirectory: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(dataDirectory, { withFileTypes: true })) {
    const path = join(dataDirectory, entry.name)
    if (entry.isDirectory() && !entry.name.startsWith('#')) bytes += await sumOf(path, await namesIn(path))
    else if (/^(ibdata|undo|mysql\.ibd)/.test(entry.name)) bytes += await sumOf(dataDirectory, [entry.name])
  }
  return bytes
}

/** A database may be dropped while we look, and `lost+found` of a file system is closed to all but root: this is an estimate. */
async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(error => {
    if (!['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return []
  })
}

async function sumOf(directory: string, names: string[]): Promise<number> {
  let bytes = 0
  for (const name of names) {
    // A table may be dropped while we look.
    const file = await stat(join(directory, name)).catch(error => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
    if (file?.isFile()) bytes += file.size
  }
  return bytes
}

async function currentLsn(server: Server): Promise<string> {
  const status = await server.one('SHOW ENGINE INNODB STATUS')
  const [, lsn] = /^Log sequence number\s+(\d+)/m.exec(status?.Status ?? '') ?? []
  if (lsn !== undefined) return lsn
  throw new Failure('mysql-physical-no-innodb', 'The server does not tell how far its redo log has come', {
    why: 'SHOW ENGINE INNODB STATUS names no log sequence number',
    fix: 'Set method: logical',
  })
}
