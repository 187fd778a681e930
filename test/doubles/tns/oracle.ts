import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from '../../network/certificates.ts'
import { perform } from './commands/perform.ts'
import { Faults } from './faults.ts'
import { type Listener, listen } from './listener.ts'
import { Database, type DatabaseOptions } from './model/database.ts'
import { OraError } from './ora.ts'
import { type ReleaseName, releases } from './protocol/release.ts'
import { requireArchiver } from './rules/archiving.ts'
import { requireNoBackupForOpen, requireNoBackupForShutdown } from './rules/backup-mode.ts'
import type { Account, LogOn, OracleServer, Route, ServerSession, Target } from './server.ts'
import { Blobs } from './session/blobs.ts'
import { ServerFiles } from './session/files.ts'
import { has, type SessionState, type User } from './session/session.ts'

export interface OracleOptions extends Partial<DatabaseOptions> {
  release?: ReleaseName
  users?: User[]
  /** Its listener speaks TCPS. */
  tls?: Certificate
}

/** An account such as the documentation of the engine recommends: SYSBACKUP and no more. */
export const backupUser: User = {
  name: 'C##BKP',
  password: 'Staple-7-battery',
  administrative: ['SYSBACKUP'],
  privileges: ['CREATE SESSION'],
}

export interface Statement {
  sql: string
  user: string
}

/** Starts a listener and a database behind it, whose files lie in a temporary directory unless one is named. */
export async function startOracle(options: OracleOptions = {}): Promise<Oracle> {
  const oracle = new Oracle(options)
  await oracle.listen()
  return oracle
}

/** A double of an Oracle server: what the Thin driver sees of one, on 127.0.0.1. */
export class Oracle implements OracleServer {
  readonly database: Database
  readonly users: User[]
  /** Every statement that came, in order. */
  readonly statements: Statement[] = []
  readonly faults = new Faults()
  /** What the listener says instead of connecting: a number, or another address. */
  answers: Exclude<Route, 'accept'> | null = null
  demandsEncryption = false
  /** Since it was started. */
  roundTrips = 0
  /** Of the keystore of encrypted tablespaces. */
  keystore: SessionState['wallet']['status'] = 'NOT_AVAILABLE'
  readonly #release: ReleaseName
  readonly #tls: Certificate | undefined
  readonly #ownDirectory: string | null
  #listener: Listener | null = null
  #port = 0
  #running = true
  #sessions = 0
  readonly #blobs = new Set<Blobs>()

  constructor({ release = '19', users, directory, tls, ...options }: OracleOptions) {
    this.#release = release
    this.#tls = tls
    this.#ownDirectory = directory === undefined ? mkdtempSync(join(tmpdir(), 'failsafe-oracle-')) : null
    this.database = new Database({ ...options, directory: directory ?? this.#ownDirectory! })
    this.users = users ?? [backupUser]
  }

  get port(): number {
    return this.#port
  }

  /** How many temporary BLOBs the sessions that are open hold: a client must free what it has asked for. */
  get temporaryBlobs(): number {
    return [...this.#blobs].reduce((sum, { count }) => sum + count, 0)
  }

  get offsetMinutes(): number {
    return this.database.offsetMinutes
  }

  /** @param service of the database itself when it is not named; that of a pluggable database is called as it is */
  connectString(service = this.database.uniqueName): string {
    return `127.0.0.1:${this.#port}/${service}`
  }

  /** Begins to listen, at the same port as before. */
  async listen(): Promise<void> {
    this.#listener = await listen(this, releases[this.#release], { port: this.#port, tls: this.#tls })
    this.#port = this.#listener.port
  }

  /** Nobody listens any more, and every connection is lost. @throws what a client wrote that was not understood */
  async stopListening(): Promise<void> {
    await this.#listener?.close()
    this.#listener = null
  }

  /** The instance ends at once, as by a crash or SHUTDOWN ABORT; backup mode is not ended. */
  crash(): void {
    this.#end(false)
  }

  #end(cleanly: boolean): void {
    this.#running = false
    this.database.end(cleanly)
    this.#listener?.cut()
  }

  get isRunning(): boolean {
    return this.#running
  }

  /** SHUTDOWN IMMEDIATE. @throws OraError 1149 while a file is in backup mode */
  shutdown(): void {
    requireNoBackupForShutdown(this.database)
    this.#end(true)
  }

  /** STARTUP: the database is mounted, then opened. @throws OraError 10873 after a crash in backup mode; it then stays mounted */
  startup(): void {
    this.mount()
    requireNoBackupForOpen(this.database)
    this.database.open()
  }

  /** STARTUP MOUNT: pluggable databases stay closed when it is opened, as long as nobody opens them. */
  mount(): void {
    this.#running = true
    this.database.status = 'MOUNTED'
  }

  answered(): void {
    this.roundTrips++
  }

  route({ service, sid }: Target): Route {
    if (this.answers !== null) return this.answers
    const known = this.#running && (service === null ? this.#threadOf(sid) > 0 : this.#containerOf(service) !== null)
    if (known) return 'accept'
    return { refuse: service === null ? 12505 : 12514 }
  }

  #threadOf(instance: string | null): number {
    return this.database.logs.threads.find(thread => thread.instance === instance?.toLowerCase())?.number ?? 0
  }

  /** @returns null for a service that is not registered */
  #containerOf(service: string): number | null {
    const { uniqueName, containers } = this.database
    const name = service.toLowerCase()
    if (name === uniqueName.toLowerCase() || this.#threadOf(name) > 0) return containers[0]!.id
    return containers.find(container => container.id > 2 && container.name.toLowerCase() === name)?.id ?? null
  }

  logOn({ user, privilege }: LogOn, target: Target): Account {
    const name = user.startsWith('"') ? user.slice(1, -1) : user.toUpperCase()
    const found = this.users.find(candidate => candidate.name === name)
    // Who is not there is refused as late as whose password is wrong.
    if (!found) return { password: crypto.randomUUID(), begin: () => Promise.reject(new OraError(1017, denied)) }
    if (found.locked) throw new OraError(28000, 'The account is locked.')
    return {
      password: found.password,
      begin: () =>
        this.faults.around(`LOGON ${name}`, new AbortController().signal, async () =>
          this.#begin(found, privilege, target),
        ),
    }
  }

  #begin(user: User, as: LogOn['privilege'], { service, sid }: Target): ServerSession {
    const { database } = this
    if (user.expired) throw new OraError(28001, 'The password has expired.')
    if (as !== null && !user.administrative.includes(as)) throw new OraError(1031, 'insufficient privileges')
    const id = ++this.#sessions
    const { version, banner } = releases[this.#release]
    const state: SessionState = {
      database,
      user,
      as,
      users: this.users,
      version,
      banner,
      wallet: { path: join(database.directory, 'wallet'), status: this.keystore },
      id,
      serial: 4711,
      thread: this.#threadOf(service ?? sid) || 1,
      service: service ?? sid ?? '',
      container: service === null ? database.containers[0]!.id : this.#containerOf(service)!,
    }
    if (!has(state, 'CREATE SESSION'))
      throw new OraError(1045, `user ${user.name} lacks CREATE SESSION privilege; logon denied`)
    if (as === null) {
      if (database.status !== 'OPEN') throw new OraError(1033, 'ORACLE initialization or shutdown in progress')
      requireArchiver(database)
    }
    return this.#session(state)
  }

  #session(state: SessionState): ServerSession {
    const files = new ServerFiles(state)
    const blobs = new Blobs()
    this.#blobs.add(blobs)
    const { database } = this
    return {
      facts: {
        database: database.name,
        service: state.service,
        instance: database.logs.threads.find(({ number }) => number === state.thread)!.instance,
        id: state.id,
        serial: state.serial,
      },
      execute: (call, signal) => {
        this.statements.push({ sql: call.sql, user: state.user.name })
        return this.faults.around(call.sql, signal, () => perform({ session: state, files, blobs }, call, signal))
      },
      files: {
        open: (bfile, signal) =>
          this.faults.around(`BFILE OPEN ${bfile.directory}/${bfile.file}`, signal, () => files.open(bfile)),
        close: bfile => files.close(bfile),
        isOpen: bfile => files.isOpen(bfile),
        exists: async bfile => files.exists(bfile),
        read: (bfile, offset, amount, signal) =>
          this.faults.around(`BFILE READ ${bfile.directory}/${bfile.file} ${offset} ${amount}`, signal, () =>
            files.read(bfile, offset, amount),
          ),
      },
      blobs,
      end: () => {
        this.#blobs.delete(blobs)
        return files.closeAll()
      },
    }
  }

  /** @throws what a client wrote that was not understood */
  async close(): Promise<void> {
    try {
      await this.stopListening()
    } finally {
      if (this.#ownDirectory !== null) rmSync(this.#ownDirectory, { recursive: true, force: true })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const denied = 'invalid username/password; logon denied'
