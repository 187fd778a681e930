import oracledb from 'oracledb'
import { loadPiece, openFile } from '../statements/files.ts'
import type { Statement } from '../statements/statement.ts'
import { asOurs, ConnectionLost, TimedOut } from './errors.ts'
import { explainConnect } from './explain-connect.ts'
import { descriptorOf, type Login } from './login.ts'
import type { Row } from './row.ts'

export interface CallOptions {
  /** Breaks the statement off. */
  signal?: AbortSignal
  /** Milliseconds that it may take; five minutes if left out. */
  timeout?: number
}

const usualTimeout = 300_000
/** How long a server may take to let go of a statement that is broken off. */
const grace = 10_000

/** A file of the server that a session reads. */
export interface Handle {
  directory: string
  file: string
  bfile: oracledb.Lob
  bytes: number
}

const privileges = { sysbackup: oracledb.SYSBACKUP, sysdba: oracledb.SYSDBA, none: undefined }

/** Offsets (from 1) that the driver can ask a BFILE for: it writes them in four bytes. */
const farthest = 2 ** 32 - 1

/** One connection, one call at a time. */
export class Session {
  readonly #connection: oracledb.Connection
  #lost = false

  private constructor(connection: oracledb.Connection) {
    this.#connection = connection
  }

  /** @throws Failure that says what is wrong with address, service, password, rights or server */
  static async connect(login: Login, signal?: AbortSignal): Promise<Session> {
    signal?.throwIfAborted()
    const { user, password, as, tls } = login
    const opening = oracledb.getConnection({
      user,
      password,
      connectString: descriptorOf(login),
      ...(privileges[as] !== undefined && { privilege: privileges[as] }),
      ...(tls?.wallet !== undefined && { walletContent: tls.wallet }),
      connectTimeout: 20,
      transportConnectTimeout: 15,
      // Minutes after which the system asks whether a silent server is still there.
      expireTime: 1,
      // 64 KiB at once instead of 8: what is read is large.
      sdu: 65_535,
    })
    try {
      const session = new Session(await opening)
      if (signal?.aborted) await session.end()
      signal?.throwIfAborted()
      return session
    } catch (error) {
      signal?.throwIfAborted()
      throw explainConnect(error, login)
    }
  }

  get isLost(): boolean {
    return this.#lost
  }

  /** @throws StatementError, ConnectionLost, TimedOut; the signal's reason */
  async query({ text, binds }: Statement, options: CallOptions = {}): Promise<Row[]> {
    const { rows = [] } = await this.#call(options, () =>
      this.#connection.execute<Row>(text, binds, {
        outFormat: oracledb.OUT_FORMAT_OBJECT,
        fetchArraySize: 1000,
        fetchTypeHandler: ({ dbType }) => (dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined),
      }),
    )
    return rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])))
  }

  /** @throws as `query`; an Error where there is no row */
  async one(statement: Statement, options?: CallOptions): Promise<Row> {
    const [row] = await this.query(statement, options)
    if (!row) throw new Error(`no row came for ${statement.text.slice(0, 60)}`)
    return row
  }

  /** What gives no rows. @throws as `query` */
  async run({ text, binds }: Statement, options: CallOptions = {}): Promise<void> {
    await this.#call(options, () => this.#connection.execute(text, binds))
  }

  /** @param directory name of a DIRECTORY object. @throws as `query`; StatementError 22288 where the file is not there or may not be read */
  async open(directory: string, file: string): Promise<Handle> {
    const row = await this.one(openFile(directory, file))
    return { directory, file, bfile: row.handle as oracledb.Lob, bytes: Number(row.bytes) }
  }

  /** Bytes from `offset` (0 for the first) on, `length` at most; fewer where the server gives fewer. @throws as `query` */
  async read(handle: Handle, offset: number, length: number): Promise<Buffer> {
    const from = offset + 1
    if (from > farthest) return this.#readFar(handle, from, length)
    const bytes = await this.#call({}, () => handle.bfile.getData(from, length) as Promise<Buffer | null>)
    return bytes ?? Buffer.alloc(0)
  }

  async #readFar({ directory, file }: Handle, from: number, length: number): Promise<Buffer> {
    const { text, binds } = loadPiece(directory, file, from, length)
    const { outBinds } = await this.#call({}, () =>
      this.#connection.execute<{ piece: oracledb.Lob }>(text, {
        ...binds,
        piece: { dir: oracledb.BIND_OUT, type: oracledb.BLOB },
      }),
    )
    const { piece } = outBinds!
    try {
      return (await this.#call({}, () => piece.getData() as Promise<Buffer | null>)) ?? Buffer.alloc(0)
    } finally {
      // Freed on the server with the next call.
      piece.destroy()
    }
  }

  async #call<T>({ signal, timeout = usualTimeout }: CallOptions, call: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    if (this.#lost) throw new ConnectionLost(new Error('it was given up'))
    // The driver breaks a call off, but then waits for the server to say so: one that says nothing at all is left.
    const { promise: left, reject } = Promise.withResolvers<never>()
    const leave = () => reject(new ConnectionLost(new TimedOut(timeout / 1000)))
    const timers = [setTimeout(leave, timeout + grace)]
    const stop = () => {
      this.#connection.break().catch(() => {})
      timers.push(setTimeout(leave, grace))
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      this.#connection.callTimeout = timeout
      return await Promise.race([call(), left])
    } catch (error) {
      const ours = (error as { code?: string }).code === 'NJS-123' ? new TimedOut(timeout / 1000) : asOurs(error)
      if (ours instanceof ConnectionLost) this.destroy()
      signal?.throwIfAborted()
      throw ours
    } finally {
      for (const timer of timers) clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Never throws: a server that is gone has let go of the session by itself. */
  async end(): Promise<void> {
    if (this.#lost) return
    this.#lost = true
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, grace)
    await Promise.race([this.#connection.close().catch(() => {}), late])
    clearTimeout(timer)
    this.#disconnect()
  }

  /** Ends the connection at once, whatever is under way. */
  destroy(): void {
    this.#lost = true
    this.#disconnect()
  }

  /** The driver itself only ends a connection by asking the server to; one that does not answer keeps its socket for ever. */
  #disconnect(): void {
    const immediate = 0x40
    const inner = this.#connection as unknown as { _impl?: { nscon?: { disconnect(how: number): void } } }
    inner._impl?.nscon?.disconnect(immediate)
  }
}
