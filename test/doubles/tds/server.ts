import { type AddressInfo, createServer } from 'node:net'
import { createSecureContext } from 'node:tls'
import { serverCertificate } from './certificate.ts'
import { Clock } from './clock.ts'
import { Faults, type Received } from './faults.ts'
import { Logins } from './logins.ts'
import type { EditionName } from './model/edition.ts'
import { Instance, type ObjectStorage } from './model/instance.ts'
import { Others } from './others.ts'
import { Connection } from './protocol/connection.ts'
import type { Mounts } from './statements/device.ts'

export interface SqlServerOptions {
  /** Major version: 11 is 2012, 17 is 2025. */
  version?: number | `${number}`
  edition?: EditionName
  /** Linux, where the version runs there. */
  platform?: 'linux' | 'windows'
  /** TLS for those who ask for it, for all, or for nobody. */
  tls?: 'offered' | 'required' | 'none'
  caseSensitive?: boolean
  /** `HOST` or `HOST\INSTANCE`. */
  serverName?: string
  clock?: Clock
  /** Directories of the server that lie elsewhere on this machine. */
  mounts?: Mounts
  /** How it sends backups to S3. */
  storage?: Partial<ObjectStorage>
  /** An address of loopback; 127.0.0.1 if nothing is said. */
  host?: string
}

/** A SQL Server to test against: it speaks TDS, keeps its databases in memory, and reads and writes real backup files. */
export interface SqlServer extends AsyncDisposable {
  host: string
  port: number
  /** The authority to trust, as PEM. */
  certificate: string
  clock: Clock
  logins: Logins
  /** Every batch and procedure call, in the order in which they came. */
  statements: Received[]
  faults: Faults
  /** What everybody else does to the server. */
  model: Others
  /** Connections that are open. */
  readonly connections: number
  /** Takes the server away: all connections break. */
  close(): Promise<void>
}

/** Source: Microsoft, "Release notes for SQL Server 2017 on Linux". */
const firstOnLinux = 14
/** Sessions below belong to the server itself. Source: Microsoft, "sys.dm_exec_sessions". */
const firstUserSession = 51

/**
 * Starts a SQL Server of its own on a port of its own.
 *
 * @example
 * await using server = await startSqlServer({ version: 15, edition: 'standard' })
 * server.model.createDatabase('shop', { padding: 64 << 20 })
 * const written = server.model.write('shop', { apples: '3' })
 * server.faults.onStatement(/BACKUP DATABASE/, { kind: 'kill' }, { at: 50 })
 * // … back up and restore through `server.port` as `server.logins.sa` …
 * expect(server.model.content('restored')).toEqual(server.model.content('shop', written.lsn))
 */
export async function startSqlServer(options: SqlServerOptions = {}): Promise<SqlServer> {
  const { key, cert, authority } = await serverCertificate()
  const clock = options.clock ?? new Clock()
  const mounts = options.mounts ?? []
  const major = Number(options.version ?? 16)
  const instance = new Instance(clock, {
    major,
    edition: options.edition ?? 'developer',
    platform: options.platform ?? (major >= firstOnLinux ? 'linux' : 'windows'),
    caseSensitive: options.caseSensitive ?? false,
    serverName: options.serverName ?? 'DOUBLE',
    ...(options.storage && { storage: options.storage }),
  })
  const address = options.host ?? '127.0.0.1'
  const logins = new Logins(instance)
  const faults = new Faults()
  const statements: Received[] = []
  const open = new Set<Connection>()
  let sessions = firstUserSession
  const host = {
    instance,
    faults,
    mounts,
    secureContext: createSecureContext({ key, cert }),
    tls: options.tls ?? 'offered',
    received: (statement: Received) => void statements.push(statement),
    nextSession: () => sessions++,
  }
  const server = createServer({ noDelay: true }, socket => {
    const connection = new Connection(socket, host)
    open.add(connection)
    socket.on('close', () => open.delete(connection))
  })
  await new Promise<void>(resolve => server.listen(0, address, resolve))
  const close = async () => {
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    for (const connection of open) connection.kill()
    await closed
  }
  return {
    host: address,
    port: (server.address() as AddressInfo).port,
    certificate: authority,
    clock,
    logins,
    statements,
    faults,
    model: new Others(instance, mounts),
    get connections() {
      return open.size
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
