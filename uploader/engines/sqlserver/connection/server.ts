import type { ConnectionPool, IResult, Request } from 'mssql'
import sql from 'mssql'
import type { Statement } from '../statements/statement.ts'
import { Cancelled, ConnectionLost, type ServerMessage, StatementError } from './errors.ts'
import { explainConnect } from './explain-connect.ts'
import type { Login } from './login.ts'

export type Row = Record<string, unknown>

/** How long a server may take to let go of a statement that is stopped. */
const cancelTime = 15_000

export interface QueryOptions {
  /** Stops the statement on the server; the connection can be used again. */
  signal?: AbortSignal
  /** Each message that comes while it runs: how far a backup is. */
  onMessage?(message: ServerMessage): void
}

/** One connection, one statement at a time. */
export class Server {
  readonly #pool: ConnectionPool
  #socket: { close(): void } | undefined
  #lost = false

  private constructor(pool: ConnectionPool) {
    this.#pool = pool
  }

  /**
   * @param program how the server lists the connection
   * @throws Failure that says what is wrong with address, password, certificate or server
   */
  static async connect(login: Login, program: string, signal: AbortSignal): Promise<Server> {
    signal.throwIfAborted()
    const { host, port, instance, user, domain, password, authorities } = login
    const box: { server?: Server } = {}
    const pool = new sql.ConnectionPool({
      server: host,
      ...(port !== undefined && { port }),
      user,
      password,
      ...(domain !== undefined && { domain }),
      connectionTimeout: 15_000,
      // Of no use as a guard: it ends with the first packet of an answer (watch.ts).
      requestTimeout: 0,
      pool: { max: 1, min: 1 },
      options: {
        appName: program,
        encrypt: true,
        trustServerCertificate: authorities === undefined,
        ...(instance !== undefined && { instanceName: instance }),
        cancelTimeout: cancelTime,
        ...(authorities && { cryptoCredentialsDetails: { ca: authorities } }),
        useUTC: true,
      },
      beforeConnect: (socket: { close(): void }) => {
        if (box.server) box.server.#socket = socket
      },
    } as sql.config)
    // What is lost shows itself to whoever asks next.
    pool.on('error', () => {})
    const server = new Server(pool)
    box.server = server
    const abort = () => server.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await pool.connect()
    } catch (error) {
      signal.throwIfAborted()
      throw explainConnect(error, login)
    } finally {
      signal.removeEventListener('abort', abort)
    }
    return server
  }

  /** @throws StatementError, ConnectionLost; the signal's reason */
  async query(statement: Statement, options?: QueryOptions): Promise<Row[]> {
    const [rows = []] = await this.queryAll(statement, options)
    return rows
  }

  /** Every result of a batch. @throws as `query` */
  async queryAll({ text, inputs }: Statement, { signal, onMessage }: QueryOptions = {}): Promise<Row[][]> {
    signal?.throwIfAborted()
    if (this.#lost) throw new ConnectionLost(new Error('it was given up'))
    const request: Request = this.#pool.request()
    for (const [name, input] of Object.entries(inputs))
      if (typeof input.value === 'number') request.input(name, sql.Int, input.value)
      else request.input(name, sql.NVarChar((input as { length: number }).length), input.value)
    if (onMessage) request.on('info', onMessage)
    const cancel = () => request.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const result: IResult<Row> = await request.query(text)
      return result.recordsets as Row[][]
    } catch (error) {
      if (signal?.aborted) {
        if ((error as { code?: string }).code !== 'ECANCEL') this.destroy()
        throw signal.reason
      }
      throw this.#asOurs(error)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** @throws as `query`; an Error where there is no row */
  async one(statement: Statement, options?: QueryOptions): Promise<Row> {
    const [row] = await this.query(statement, options)
    if (!row) throw new Error(`no row came for ${statement.text.slice(0, 60)}`)
    return row
  }

  /** Never throws: a server that is gone has let go of everything by itself. */
  async end(): Promise<void> {
    await this.#pool.close().catch(() => {})
  }

  /** Ends the connection at once: the server stops what it does for it. */
  destroy(): void {
    this.#lost = true
    this.#socket?.close()
  }

  #asOurs(error: unknown): unknown {
    const { code, number, message, precedingErrors } = error as {
      code?: string
      number?: number
      message: string
      precedingErrors?: { number?: number; message: string }[]
    }
    if (code === 'ECANCEL') return new Cancelled(message)
    if (code === 'EREQUEST' && number !== undefined) {
      const all = [...(precedingErrors ?? []), { number, message }]
      return new StatementError(
        all.map(each => ({ number: each.number ?? 0, message: each.message })),
        error,
      )
    }
    this.#lost = true
    return new ConnectionLost(error)
  }
}
