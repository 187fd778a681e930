import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setRecovery } from './model/alter.ts'
import type { BackupSet } from './model/backup-set.ts'
import type { Database, DatabaseOptions, DatabaseState, RecoveryModel } from './model/database.ts'
import type { Instance } from './model/instance.ts'
import type { Lsn } from './model/lsn.ts'
import type { Message } from './model/messages.ts'
import { SqlError } from './model/sql-error.ts'
import { nvarchar } from './query/types.ts'
import { Batch, BatchEnded } from './session/batch.ts'
import { Session } from './session/session.ts'
import type { Mounts } from './statements/device.ts'

/** A moment of a database. Times are milliseconds: of the server's wall clock, and of UTC. */
export interface Moment {
  lsn: Lsn
  local: number
  utc: number
}

/** How far a transaction moves the clock: STOPAT is told in seconds, and tells them apart. */
const betweenTransactions = 1000

/** Everybody else who has to do with the server: its applications, its administrators, another backup product. */
export class Others {
  readonly #instance: Instance
  readonly #mounts: Mounts

  constructor(instance: Instance, mounts: Mounts) {
    this.#instance = instance
    this.#mounts = mounts
  }

  /** @throws Error when there is none of that name */
  database(name: string): Database {
    const found = this.#instance.find(name)
    if (!found) throw new Error(`There is no database named ${name}`)
    return found
  }

  createDatabase(name: string, options: DatabaseOptions = {}): Database {
    return this.#instance.create(name, options)
  }

  /** One transaction. @returns the moment after it: a restore to it has the rows, one to the second before has not */
  write(name: string, rows: Record<string, string>, { bulk = false } = {}): Moment {
    const database = this.database(name)
    if (database.state !== 'ONLINE' || database.readOnly || database.standby) {
      throw new Error(`${name} cannot be written to: it is ${database.readOnly ? 'read-only' : database.state}`)
    }
    this.#instance.clock.advance(betweenTransactions)
    database.commit(this.#instance.clock.local(), Object.entries(rows), bulk)
    return this.moment(name)
  }

  moment(name: string): Moment {
    const { clock } = this.#instance
    return { lsn: this.database(name).end, local: clock.local(), utc: clock.now() }
  }

  /** What is in a database now, or was at a moment. */
  content(name: string, at?: Lsn): Record<string, string> {
    return Object.fromEntries(this.database(name).contentAt(at))
  }

  /** A backup by somebody else. Without `to` it is written to NUL. @returns what msdb says of it */
  async backup(
    name: string,
    kind: 'full' | 'differential' | 'log',
    { copyOnly = false, to = 'NUL', checksum = true, compression = false, tail = false } = {},
  ): Promise<BackupSet> {
    const options = [
      'FORMAT',
      ...(kind === 'differential' ? ['DIFFERENTIAL'] : []),
      ...(copyOnly ? ['COPY_ONLY'] : []),
      ...(checksum ? ['CHECKSUM'] : []),
      ...(compression ? ['COMPRESSION'] : []),
      ...(tail ? ['NORECOVERY'] : []),
    ]
    const what = kind === 'log' ? 'LOG' : 'DATABASE'
    await this.run(`BACKUP ${what} @database TO DISK = @to WITH ${options.join(', ')}`, {
      '@database': name,
      '@to': to,
    })
    return this.#instance.history.at(-1)!.set
  }

  /** Names of the server's credentials. */
  get credentials(): string[] {
    return [...this.#instance.credentials.keys()]
  }

  addCredential(name: string): void {
    this.#instance.credentials.set(name, { name, identity: 'S3 Access Key', secret: 'a:b' })
  }

  dropCredentials(): void {
    this.#instance.credentials.clear()
  }

  /** A file backup gives one file a differential base of its own. Source: Microsoft, "Differential backups (SQL Server)". */
  backupFile(name: string, logicalName: string): void {
    const file = this.database(name).files.find(each => each.logicalName === logicalName)
    if (!file) throw new Error(`${name} has no file named ${logicalName}`)
    file.differentialBase = { lsn: this.database(name).checkpoint(), guid: randomUUID() }
  }

  /** Somebody restores backups over a database: these files, or its own present state. */
  async restoreOver(name: string, files?: string[]): Promise<void> {
    if (files) return this.#restore(name, files)
    const directory = await mkdtemp(join(tmpdir(), 'sql-server-double-'))
    try {
      const file = join(directory, 'present.bak')
      await this.backup(name, 'full', { copyOnly: true, to: file })
      await this.#restore(name, [file])
    } finally {
      await rm(directory, { recursive: true })
    }
  }

  async #restore(name: string, [full, ...more]: string[]): Promise<void> {
    const restore = (what: string, file: string, options: string) =>
      this.run(`RESTORE ${what} @database FROM DISK = @file WITH NORECOVERY${options}`, {
        '@database': name,
        '@file': file,
      })
    await restore('DATABASE', full!, ', REPLACE')
    for (const file of more) await restore(file.endsWith('.trn') ? 'LOG' : 'DATABASE', file, '')
    await this.run('RESTORE DATABASE @database WITH RECOVERY', { '@database': name })
  }

  setRecovery(name: string, model: RecoveryModel): void {
    setRecovery(this.database(name), model)
  }

  setState(name: string, state: DatabaseState): void {
    this.database(name).state = state
  }

  setReadOnly(name: string, readOnly: boolean): void {
    this.database(name).readOnly = readOnly
  }

  setStandby(name: string, standby: boolean): void {
    this.database(name).standby = standby
  }

  drop(name: string): void {
    this.#instance.remove(this.database(name))
  }

  rename(name: string, to: string): void {
    this.database(name).name = to
  }

  /** A page's checksum is wrong from now on. */
  damage(name: string): void {
    this.database(name).damaged = true
  }

  /** CREATE DATABASE … AS SNAPSHOT OF. */
  snapshot(name: string, snapshotName: string): void {
    const made = this.createDatabase(snapshotName, { recovery: 'SIMPLE', readOnly: true })
    made.snapshotOf = this.database(name).id
  }

  mirror(name: string, role: 'PRINCIPAL' | 'MIRROR'): void {
    this.database(name).mirroring = role
  }

  /** The database joins an availability group; this server is one of its replicas. */
  joinGroup(name: string, role: 'PRIMARY' | 'SECONDARY', { preferred = true } = {}): void {
    this.database(name).availability = { replicaId: randomUUID(), role, preferred }
  }

  /** The other replica takes over: this one changes its role. */
  failover(name: string): void {
    const { availability } = this.database(name)
    if (!availability) throw new Error(`${name} is in no availability group`)
    availability.role = availability.role === 'PRIMARY' ? 'SECONDARY' : 'PRIMARY'
  }

  /** sp_delete_backuphistory. */
  purgeHistory(): void {
    this.#instance.history = []
  }

  /** BACKUP CERTIFICATE with its private key. */
  saveCertificate(name: string): void {
    this.#instance.certificate(name).privateKeySavedAt = this.#instance.clock.local()
  }

  /** The certificate of another server's database is brought here. */
  importCertificate(name: string, thumbprint: string): void {
    this.#instance.certificates.set(name, { name, thumbprint, privateKeySavedAt: null })
  }

  /** Runs a statement as an administrator, without a connection. @throws SqlError */
  async run(text: string, parameters: Record<string, string> = {}): Promise<void> {
    const errors: Message[] = []
    const session = new Session(this.#instance, {
      id: 0,
      login: this.#instance.logins.get('sa')!,
      programName: 'somebody else',
      hostName: 'elsewhere',
      database: 'master',
      kill: () => undefined,
    })
    session.request = { command: '', database: '', startTime: 0, percentComplete: 0, waitType: null }
    const output = {
      message: (each: Message) => void (each.severity > 10 && errors.push(each)),
      result: () => undefined,
      done: () => undefined,
      databaseChanged: () => undefined,
    }
    const variables = new Map(
      Object.entries(parameters).map(([name, value]) => [name, { type: nvarchar(-1), value }] as const),
    )
    const { signal } = new AbortController()
    const surroundings = { mounts: this.#mounts, signal, progress: async () => undefined }
    await new Batch(session, output, surroundings, variables).run(text).catch(error => {
      if (!(error instanceof BatchEnded)) throw error
    })
    if (errors.length > 0) throw new SqlError(...errors)
  }
}
