import { randomUUID } from 'node:crypto'
import { open, rm, statfs } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { messageOf } from '../../../../shared/failure.ts'
import { formatBytes } from '../../../output/format.ts'
import type { Finding } from '../../engine.ts'
import { text } from '../../row.ts'
import { pathsIn } from '../backup/exchange.ts'
import { StatementError } from '../connection/errors.ts'
import type { Server } from '../connection/server.ts'
import { dataBytes, type Inventory } from '../inventory.ts'
import type { SharedDirectory } from '../settings.ts'
import { probe } from '../statements/backup.ts'
import { serviceAccount } from '../statements/rights.ts'

/** Has the server write a small backup of `model` there, COPY_ONLY, and reads and removes it: the one way to know. */
export async function checkDirectory(
  server: Server,
  inventory: Inventory,
  shared: SharedDirectory,
  parallel: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { directory } = shared
  const { local, onServer } = pathsIn(shared, `failsafe-probe-${randomUUID()}.bak`)
  try {
    await server.query(probe({ disk: onServer }), { signal })
    const file = await open(local)
    await file.read(Buffer.alloc(1), 0, 1, 0)
    await file.close()
    await rm(local)
  } catch (error) {
    signal.throwIfAborted()
    await rm(local, { force: true }).catch(() => {}) // what could not be read is mostly not ours to remove; said below
    if (error instanceof StatementError)
      return [
        {
          code: 'sqlserver-directory-denied',
          grave: true,
          what: `The server cannot write into ${shared.directoryOnServer ?? directory}`,
          why: error.message,
          fix: await rightsFor(server, inventory, shared),
        },
      ]
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    return [
      {
        code: code === 'ENOENT' ? 'sqlserver-directory-elsewhere' : 'sqlserver-directory',
        grave: true,
        what:
          code === 'ENOENT'
            ? `What the server writes as ${onServer} does not appear here as ${local}`
            : `What the server writes into ${directory} cannot be read and removed here`,
        why: messageOf(error),
        fix:
          code === 'ENOENT'
            ? 'Name one place that both reach: directory as this machine sees it, directoryOnServer as the server does'
            : await rightsFor(server, inventory, shared),
      },
    ]
  }
  return room(inventory, directory, parallel)
}

/** The rights that both need, as commands for the machine of the server. */
async function rightsFor(
  server: Server,
  { platform }: Inventory,
  { directory, directoryOnServer = directory }: SharedDirectory,
): Promise<string> {
  const user = userInfo().username
  if (platform === 'linux')
    return `Run as root: install -d -o mssql -g mssql -m 2770 '${directoryOnServer}' && usermod -aG mssql ${user}`
  const [row] = await server.query(serviceAccount)
  const account = row ? text(row, 'service_account') : 'NT SERVICE\\MSSQLSERVER'
  return `Run as an administrator: icacls "${directoryOnServer}" /grant "${account}:(OI)(CI)M" "${user}:(OI)(CI)M"; on a share both the share and the folder must allow it`
}

/** So many of the largest files lie there at once. */
async function room({ databases }: Inventory, directory: string, parallel: number): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(directory)
  const largest = databases.map(dataBytes).sort((a, b) => b - a)
  const needed = largest.slice(0, parallel).reduce((sum, bytes) => sum + bytes, 0)
  const free = bavail * bsize
  if (free >= needed) return []
  return [
    {
      code: 'sqlserver-directory-small',
      grave: false,
      what: `${directory} has ${formatBytes(free)} free, and the largest databases may need ${formatBytes(needed)} there`,
      why: `the server writes ${parallel} whole databases there at once, less what compression saves`,
      fix: 'Give it more room, or set parallel: 1',
    },
  ]
}
