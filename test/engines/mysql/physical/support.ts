import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { placeOf } from '../../../../scripts/setup/servers.ts'
import { mysql } from '../../../../uploader/engines/mysql/engine.ts'
import { describeServer, type ServerDescription } from '../../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../../support/database.ts'

export const never = () => new AbortController().signal

export function physicalSettings(server: { port: number }, more: { program?: string } = {}, user: object = {}) {
  return mysql.settings.parse({
    connection: { host: '127.0.0.1', port: server.port, user: 'root', ...user },
    method: 'physical',
    ...more,
  })
}

export async function describe_(server: Database): Promise<ServerDescription> {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}

/** A directory that goes with the block. */
export async function temporary(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'failsafe-physical-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The programs of a release come first on the PATH until `dispose`, as on the machine that it is installed on. */
export function usePrograms(...folders: string[]): Disposable {
  const before = process.env.PATH
  process.env.PATH = [...folders, before].join(delimiter)
  return {
    [Symbol.dispose]() {
      process.env.PATH = before
    },
  }
}

export function programsOf(release: Release): Disposable {
  return release === 'mariadb-10.11' ? usePrograms() : usePrograms(placeOf(release).bin)
}

/** An executable that is a shell script. */
export async function script(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
  return path
}

/** The command lines of all processes that mention something, by process id. */
export async function processesWith(text: string): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for (const id of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    // One may end while we look.
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(text)) found.set(Number(id), line.replaceAll('\0', ' '))
  }
  return found
}

/** A server on a data directory that was restored; what it holds then. */
export async function describeRestored(release: Release, directory: string): Promise<ServerDescription> {
  const server = await startDatabase({ release, directory })
  try {
    return await describe_(server)
  } finally {
    await server.stop()
  }
}
