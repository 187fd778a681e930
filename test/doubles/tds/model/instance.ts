import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { HistoryRow } from './backup-set.ts'
import { Database, type DatabaseOptions } from './database.ts'
import { type EditionName, editions, type Release, releaseOf } from './edition.ts'
import type { Login } from './login.ts'
import type { OpenFacts } from './rules/open.ts'

export interface InstanceOptions {
  major: number
  edition: EditionName
  platform: 'linux' | 'windows'
  /** Names are compared with the case; then databases may differ in it alone. */
  caseSensitive: boolean
  serverName: string
  storage?: Partial<ObjectStorage>
}

/** Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", MAXTRANSFERSIZE. */
const usualPart = 10 * 1024 * 1024

/** A certificate of master, as TDE uses it. */
export interface Certificate {
  name: string
  thumbprint: string
  /** Wall clock, milliseconds. Null: its private key was never saved. */
  privateKeySavedAt: number | null
}

/** What the server proves itself with to others. Source: Microsoft, "sys.credentials (Transact-SQL)". */
export interface Credential {
  name: string
  identity: string
  secret: string
}

/** How the server sends backups to S3. */
export interface ObjectStorage {
  /** Authorities, as PEM, whose certificates the server trusts. Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", Linux support. */
  authorities: string[]
  /** Bytes of a part where nothing is said of MAXTRANSFERSIZE: smaller than the real server's, so that a test needs no gigabytes for many. */
  partSize: number
  /** Parts of one URL that are under way at once. */
  inFlight: number
  /** `swapped`: every second part is sent before the one that it follows, which waits until that one is taken. */
  order: 'in-turn' | 'swapped'
}

/** A connection, as sys.dm_exec_sessions and sys.dm_exec_requests show it. */
export interface Visitor {
  id: number
  login: Login
  programName: string
  hostName: string
  database: string
  /** Wall clock, milliseconds. */
  loginTime: number
  request: RunningRequest | null
  /** KILL: the connection ends at once. */
  kill(): void
}

export interface RunningRequest {
  command: string
  database: string
  startTime: number
  /** From 0 to 100, for BACKUP and RESTORE. */
  percentComplete: number
  waitType: string | null
}

/** One running server: what is in it, and who is connected. */
export class Instance {
  readonly clock: Clock
  readonly release: Release
  readonly edition: string
  readonly engineEdition: number
  readonly platform: 'linux' | 'windows'
  readonly caseSensitive: boolean
  readonly serverName: string
  readonly dataDirectory: string
  readonly backupDirectory: string
  readonly databases: Database[] = []
  /** msdb.dbo.backupset. */
  history: HistoryRow[] = []
  readonly certificates = new Map<string, Certificate>()
  readonly credentials = new Map<string, Credential>()
  readonly storage: ObjectStorage
  readonly logins = new Map<string, Login>()
  readonly visitors = new Map<number, Visitor>()
  /** Names of databases, in lower case, of which a BACKUP DATABASE runs. */
  readonly backingUp = new Set<string>()
  #nextId = 1
  #nextHistory = 1

  constructor(clock: Clock, options: InstanceOptions) {
    this.clock = clock
    this.release = releaseOf(options.major)
    const { edition, engine } = editions[options.edition]
    this.edition = edition
    this.engineEdition = engine
    this.platform = options.platform
    this.caseSensitive = options.caseSensitive
    this.serverName = options.serverName
    this.storage = { authorities: [], partSize: usualPart, inFlight: 4, order: 'in-turn', ...options.storage }
    const windows = `C:\\Program Files\\Microsoft SQL Server\\MSSQL${options.major}.MSSQLSERVER\\MSSQL`
    this.dataDirectory = options.platform === 'windows' ? `${windows}\\DATA` : '/var/opt/mssql/data'
    this.backupDirectory = options.platform === 'windows' ? `${windows}\\Backup` : '/var/opt/mssql/data'
    for (const name of ['master', 'tempdb', 'model', 'msdb']) {
      this.create(name, { recovery: name === 'model' ? 'FULL' : 'SIMPLE' })
    }
  }

  sameName(one: string, other: string): boolean {
    return this.caseSensitive ? one === other : one.toLowerCase() === other.toLowerCase()
  }

  find(name: string): Database | undefined {
    return this.databases.find(database => this.sameName(database.name, name))
  }

  /** A new database has the users of model. Source: Microsoft, "model Database". */
  create(name: string, options: DatabaseOptions = {}): Database {
    if (this.find(name)) throw new Error(`There is a database named ${name} already`)
    if (options.encrypted !== undefined) this.certificate(options.encrypted)
    const database = new Database(this.#nextId++, name, this.clock.local(), this.dataDirectory, {
      compatibility: this.release.major * 10,
      ...options,
    })
    for (const [login, user] of this.find('model')?.users ?? []) {
      database.users.set(login, { roles: new Set(user.roles), grants: new Set() })
    }
    this.databases.push(database)
    return database
  }

  remove(database: Database): void {
    this.databases.splice(this.databases.indexOf(database), 1)
  }

  /** The certificate of that name; it is made when there is none. */
  certificate(name: string): Certificate {
    const known = this.certificates.get(name)
    if (known) return known
    const thumbprint = createHash('sha1').update(`${this.serverName}/${name}`).digest('hex').toUpperCase()
    const made = { name, thumbprint, privateKeySavedAt: null }
    this.certificates.set(name, made)
    return made
  }

  record(device: string, position: number, set: HistoryRow['set']): void {
    const id = this.#nextHistory++
    this.history.push({ id, mediaSetId: id, device, position, set })
  }

  /** What decides whether somebody may open the database of that name. */
  opening(name: string, visitor: Visitor): OpenFacts {
    const database = this.find(name)
    const others = database ? this.usersOf(database).filter(each => each !== visitor).length : 0
    return { name, database, login: visitor.login, others }
  }

  /** Connections that have the database open. */
  usersOf(database: Database): Visitor[] {
    return [...this.visitors.values()].filter(visitor => this.sameName(visitor.database, database.name))
  }
}
