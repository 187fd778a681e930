import { randomUUID } from 'node:crypto'
import { LogEnd, type Lsn } from './lsn.ts'

export type RecoveryModel = 'FULL' | 'BULK_LOGGED' | 'SIMPLE'
export type DatabaseState =
  | 'ONLINE'
  | 'RESTORING'
  | 'RECOVERING'
  | 'RECOVERY_PENDING'
  | 'SUSPECT'
  | 'EMERGENCY'
  | 'OFFLINE'

/** One committed row. A later commit of the same key replaces it; the list itself only grows. */
export interface Commit {
  lsn: Lsn
  /** The server's wall clock, which is what SQL Server writes into the log and what STOPAT is compared with. Milliseconds. */
  time: number
  key: string
  value: string
  /** Minimally logged: the log holds the pages instead of the rows. */
  bulk: boolean
}

/** A stretch of the log's history. Source: Microsoft, "Recovery Paths (SQL Server)". */
export interface Fork {
  guid: string
  /** Where it left the fork before it. */
  from: Lsn
}

/** What a differential backup of a file would be built on. Source: Microsoft, "sys.master_files". */
export interface DifferentialBase {
  lsn: Lsn
  guid: string
}

export interface DatabaseFile {
  id: number
  kind: 'ROWS' | 'LOG' | 'FILESTREAM'
  logicalName: string
  physicalName: string
  differentialBase: DifferentialBase | null
}

/** What a login may do in a database. */
export interface User {
  roles: Set<string>
  /** `SELECT ON dbo.backupset`, in lower case. */
  grants: Set<string>
}

export interface DatabaseOptions {
  recovery?: RecoveryModel
  /** Logical names of more data files. */
  files?: string[]
  filestream?: boolean
  readOnly?: boolean
  /** Transparent data encryption with the certificate of this name. */
  encrypted?: string
  compatibility?: number
  containment?: boolean
  /** The login that owns it. */
  owner?: string
  /** Bytes that every full backup carries beside the rows, made while they are written. */
  padding?: number
}

export class Database {
  readonly id: number
  name: string
  /** Wall clock, milliseconds. */
  createDate: number
  recovery: RecoveryModel
  state: DatabaseState = 'ONLINE'
  userAccess: 'MULTI_USER' | 'SINGLE_USER' | 'RESTRICTED_USER' = 'MULTI_USER'
  readOnly: boolean
  standby = false
  /** It is a snapshot of the database with this id. */
  snapshotOf: number | null = null
  encryptedBy: string | null
  compatibility: number
  containment: boolean
  owner: string
  readonly users = new Map<string, User>()
  padding: number
  /** A page whose checksum is wrong, as a failing disk leaves it. */
  damaged = false
  mirroring: 'PRINCIPAL' | 'MIRROR' | null = null
  availability: { replicaId: string; role: 'PRIMARY' | 'SECONDARY'; preferred: boolean } | null = null

  guid: string = randomUUID()
  familyGuid: string = randomUUID()
  forks: Fork[]
  files: DatabaseFile[]
  commits: Commit[] = []
  log: LogEnd
  checkpointLsn: Lsn
  /** Checkpoint of the newest full backup that is not copy-only. */
  fullBackupLsn: Lsn | null = null
  /** Where the next log backup starts. Null: there is no log chain. Source: Microsoft, "sys.database_recovery_status". */
  logBackupLsn: Lsn | null = null
  /** The next log backup is the first of its chain. */
  logChainBegins = true
  /** A restore sequence is under way: full backup that it began with. */
  restoredBase: string | null = null

  constructor(id: number, name: string, createDate: number, directory: string, options: DatabaseOptions = {}) {
    this.id = id
    this.name = name
    this.createDate = createDate
    this.recovery = options.recovery ?? 'FULL'
    this.readOnly = options.readOnly ?? false
    this.encryptedBy = options.encrypted ?? null
    this.compatibility = options.compatibility ?? 150
    this.containment = options.containment ?? false
    this.owner = options.owner ?? 'sa'
    this.padding = options.padding ?? 0
    this.log = new LogEnd(34 + id)
    this.checkpointLsn = this.log.lsn
    this.forks = [{ guid: randomUUID(), from: 0n }]
    this.files = filesOf(name, directory, options)
  }

  get end(): Lsn {
    return this.log.lsn
  }

  get fork(): Fork {
    return this.forks.at(-1)!
  }

  /** The differential base if all data files agree on it. */
  get differentialBase(): DifferentialBase | null {
    const [first, ...others] = this.files.filter(file => file.kind !== 'LOG')
    return others.every(file => file.differentialBase?.guid === first!.differentialBase?.guid)
      ? first!.differentialBase
      : null
  }

  /** One transaction: its rows become visible with its commit record. */
  commit(time: number, rows: Iterable<readonly [string, string]>, bulk = false): void {
    this.log.record()
    const lsn = this.log.record()
    for (const [key, value] of rows) this.commits.push({ lsn, time, key, value, bulk })
    this.log.flush()
  }

  /** What a full or differential backup starts with. @returns the record's LSN */
  checkpoint(): Lsn {
    this.checkpointLsn = this.log.record()
    this.log.record()
    this.log.flush()
    return this.checkpointLsn
  }

  /** The database as it was when the log ended at `at`: everything committed before. */
  contentAt(at: Lsn = this.end): Map<string, string> {
    return new Map(this.commits.filter(commit => commit.lsn < at).map(({ key, value }) => [key, value]))
  }
}

function filesOf(name: string, directory: string, options: DatabaseOptions): DatabaseFile[] {
  const separator = directory.includes('\\') ? '\\' : '/'
  const file = (id: number, kind: DatabaseFile['kind'], logicalName: string, leaf: string): DatabaseFile => {
    return { id, kind, logicalName, physicalName: `${directory}${separator}${leaf}`, differentialBase: null }
  }
  const leaf = name.replaceAll(/[\\/:*?"<>|]/g, '_')
  const more = (options.files ?? []).map((each, at) => file(3 + at, 'ROWS', each, `${leaf}_${3 + at}.ndf`))
  const stream = options.filestream ? [file(65537, 'FILESTREAM', `${name}_fs`.slice(-128), `${leaf}_fs`)] : []
  return [
    file(1, 'ROWS', name, `${leaf}.mdf`),
    file(2, 'LOG', `${name}_log`.slice(-128), `${leaf}_log.ldf`),
    ...more,
    ...stream,
  ]
}
