import type { Socket } from 'node:net'
import { type Connection, createConnection, type SslOptions } from 'mysql2'
import { ServerError } from '../wire/server-error.ts'
import { type Address, borrowListeners, ReusingSocket } from '../wire/socket.ts'
import { acceptAllCollations } from './collations.ts'
import { explainConnect } from './explain.ts'
import { ConnectionLost } from './lost.ts'

acceptAllCollations()

/** One row: a value's text as the server sent it, by column name. */
export type Row = Record<string, Buffer | null>

export interface Login {
  address: Address
  user: string
  password: string | undefined
  tls: SslOptions | undefined
}

/**
 * One connection. mysql2 does the handshake and the small queries; between two of them the socket can be borrowed to write a
 * command and read its answer without mysql2. One thing at a time: callers take turns.
 */
export class Server {
  readonly #connection: Connection
  readonly #reusing: ReusingSocket | undefined
  /** Why nothing more can be asked of this connection. */
  lost: ConnectionLost | undefined
  readonly #lostListeners = new Set<(error: Error) => void>()

  private constructor(connection: Connection, reusing: ReusingSocket | undefined) {
    this.#connection = connection
    this.#reusing = reusing
  }

  /** @throws Failure that says what is wrong with address, password or server */
  static async connect(login: Login, signal: AbortSignal): Promise<Server> {
    signal.throwIfAborted()
    const reusing = new ReusingSocket(login.address)
    let reached = false
    reusing.socket.once('connect', () => {
      reached = true
    })
    const connection = createConnection({
      stream: () => reusing.socket,
      // Not to connect, the stream does that: over a Unix socket a caching_sha2_password goes as it is.
      ...('path' in login.address ? { socketPath: login.address.path } : login.address),
      user: login.user,
      password: login.password ?? '',
      ...(login.tls && { ssl: login.tls }),
      charset: 'UTF8MB4_GENERAL_CI',
      connectTimeout: 15_000,
      // Without these a command is nothing but its text, and an answer nothing but its rows.
      flags: ['-CLIENT_QUERY_ATTRIBUTES', '-SESSION_TRACK', '-IGNORE_SPACE', '-LOCAL_FILES', '-ODBC'],
    })
    const server = new Server(connection, login.tls ? undefined : reusing)
    connection.on('error', error => server.#lose(error))
    const abort = () => connection.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await new Promise<void>((resolve, reject) => {
        reusing.socket.once('close', () => reject(server.lost ?? new Error('the connection was closed')))
        connection.once('connect', () => resolve())
        connection.once('error', reject)
      })
    } catch (error) {
      connection.destroy()
      signal.throwIfAborted()
      throw explainConnect(error, login, reached)
    } finally {
      signal.removeEventListener('abort', abort)
    }
    server.#socket.once('close', () => server.#lose(new Error('the connection was closed')))
    return server
  }

  get id(): number {
    return this.#connection.threadId
  }

  /** @throws ServerError, ConnectionLost */
  query(sql: string): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (this.lost) return reject(this.lost)
      // mysql2 forgets those who wait on a connection that is closed from here.
      this.#lostListeners.add(reject)
      this.#connection.query({ sql, typeCast: false }, (error, rows) => {
        this.#lostListeners.delete(reject)
        if (!error) return resolve(Array.isArray(rows) ? (rows as unknown as Row[]) : [])
        const { errno, sqlState, sqlMessage } = error as { errno?: number; sqlState?: string; sqlMessage?: string }
        if (errno === undefined || sqlMessage === undefined) return reject(this.#lose(error))
        reject(new ServerError(errno, sqlState ?? 'HY000', sqlMessage))
      })
    })
  }

  /** The first row's values as text; undefined where there is no row. */
  async one(sql: string): Promise<Record<string, string | null> | undefined> {
    const [row] = await this.query(sql)
    return row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value?.toString() ?? null]))
  }

  /**
   * The socket for one command and its whole answer. `release` it when the answer has ended; if it has not, `destroy` the connection.
   * `deliver` gets chunks that are valid during the call only.
   */
  borrow(deliver: (chunk: Buffer) => void, onLost: (error: Error) => void): { socket: Socket; release(): void } {
    if (this.lost) throw this.lost
    const socket = this.#socket
    const giveBack = this.#reusing ? this.#reusing.borrow(deliver) : borrowListeners(socket, deliver)
    this.#lostListeners.add(onLost)
    return {
      socket,
      release: () => {
        giveBack()
        this.#lostListeners.delete(onLost)
      },
    }
  }

  /** Says good-bye to the server where it is still there, and does not wait for one that does not answer. */
  async end(): Promise<void> {
    if (this.lost) return
    const socket = this.#socket
    await new Promise<void>(resolve => {
      const impatient = setTimeout(() => socket.destroy(), 5000)
      socket.once('close', () => {
        clearTimeout(impatient)
        resolve()
      })
      this.#connection.end(() => socket.destroy())
    })
  }

  destroy(): void {
    this.#lose(new Error('the connection was given up'))
    this.#connection.destroy()
    // mysql2 only says that it will send no more: a server that is writing would wait for a reader for a day.
    this.#socket.destroy()
  }

  /** Under TLS mysql2 puts another socket in place of the one it was given. */
  get #socket(): Socket {
    return (this.#connection as unknown as { stream: Socket }).stream
  }

  #lose(error: Error): ConnectionLost {
    if (this.lost) return this.lost
    const lost = new ConnectionLost(error)
    this.lost = lost
    for (const listener of this.#lostListeners) listener(lost)
    return lost
  }
}
