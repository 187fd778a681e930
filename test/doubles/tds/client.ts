import sql from 'mssql'
import type { SqlServer } from './server.ts'

export interface ClientOptions {
  /** With a domain it is one of Windows. */
  login?: { user: string; password: string; domain?: string }
  encrypt?: boolean
  /** PEM of the authority that it trusts. */
  trusts?: string
  database?: string
  cancelTimeout?: number
  requestTimeout?: number
}

/** The real driver, as the engine uses it: one connection. */
export class Client implements AsyncDisposable {
  readonly pool: sql.ConnectionPool

  private constructor(pool: sql.ConnectionPool) {
    this.pool = pool
  }

  static async connect(server: SqlServer, options: ClientOptions = {}): Promise<Client> {
    const { user, password, domain }: NonNullable<ClientOptions['login']> = options.login ?? server.logins.sa
    const settings: sql.config = {
      server: server.host,
      port: server.port,
      user,
      password,
      ...(domain !== undefined && { domain }),
      database: options.database ?? 'master',
      requestTimeout: options.requestTimeout ?? 0,
      pool: { max: 1, min: 0 },
      options: {
        encrypt: options.encrypt ?? false,
        cancelTimeout: options.cancelTimeout ?? 5000,
        cryptoCredentialsDetails: { ca: options.trusts ?? server.certificate },
      },
    }
    const pool = new sql.ConnectionPool(settings)
    await pool.connect()
    // The driver has only tried: it opens the connection that stays with the first request.
    await pool.request().query('SELECT 1')
    return new Client(pool)
  }

  request(inputs: Record<string, unknown> = {}): sql.Request {
    const request = this.pool.request()
    for (const [name, value] of Object.entries(inputs)) {
      if (typeof value === 'string') request.input(name, sql.NVarChar(4000), value)
      else request.input(name, value)
    }
    return request
  }

  async rows(text: string, inputs: Record<string, unknown> = {}): Promise<Record<string, unknown>[]> {
    const result = await this.request(inputs).query(text)
    return result.recordset ?? []
  }

  async run(text: string, inputs: Record<string, unknown> = {}): Promise<void> {
    await this.request(inputs).query(text)
  }

  /** The first value of the first row. */
  async value(expression: string, inputs: Record<string, unknown> = {}): Promise<unknown> {
    const [row] = await this.rows(`SELECT ${expression} AS value`, inputs)
    return row!.value
  }

  /** Numbers of the errors that a statement ends with, the cause first; none if it does not fail. */
  async errors(text: string, inputs: Record<string, unknown> = {}): Promise<number[]> {
    try {
      await this.run(text, inputs)
      return []
    } catch (error) {
      return [...precedingErrors(error), error].map(each => (each as sql.RequestError).number!)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close()
  }
}

function precedingErrors(error: unknown): unknown[] {
  return error instanceof sql.RequestError ? ((error as { precedingErrors?: unknown[] }).precedingErrors ?? []) : []
}
