import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { runOk } from './run.ts'

/** A real, throw-away mariadbd on 127.0.0.1 with a data directory of its own. */
export interface Mariadb {
  port: number
  socket: string
  directory: string
  pid: number
  /** What the server wrote to its error log so far. */
  log(): Promise<string>
  /** A new connection as root. */
  connect(database?: string): Promise<Connection>
  /** Runs statements as root, one after the other. */
  execute(...statements: string[]): Promise<void>
  /** An orderly shutdown; the data directory goes too if `startMariadb` made it. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would; `startMariadb({ directory })` starts it again. */
  kill(): Promise<void>
}

/** Speed before durability: the data does not outlive the test anyway. */
const fast: Record<string, string> = {
  innodb_flush_log_at_trx_commit: '0',
  sync_binlog: '0',
  innodb_doublewrite: '0',
  innodb_flush_method: 'nosync',
  innodb_buffer_pool_size: '64M',
  innodb_log_file_size: '64M',
  innodb_fast_shutdown: '2',
  performance_schema: 'OFF',
  key_buffer_size: '1M',
  aria_pagecache_buffer_size: '8M',
}

/**
 * @param directory kept afterwards and used again where it exists; else a temporary one that `stop` removes
 * @param port any free one where it is not given
 * @param options server variables, e.g. `{ log_bin: 'binlog', server_id: '7' }`; they win over the ones for speed
 */
export async function startMariadb(
  given: { directory?: string; port?: number; options?: Record<string, string> } = {},
): Promise<Mariadb> {
  const directory = given.directory ?? (await mkdtemp(join(tmpdir(), 'failsafe-mariadb-')))
  const data = join(directory, 'data')
  if (!(await exists(join(data, 'mysql')))) await install(directory, data)
  const port = given.port ?? (await freePort())
  const socket = join(directory, 'mariadbd.sock')
  const options = { server_id: '1', ...fast, ...given.options }
  const server = spawn(
    'mariadbd',
    [
      '--no-defaults',
      ...asRoot(),
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      // A server that starts removes the temporary tables of another one in the same directory.
      `--tmpdir=${directory}`,
      `--pid-file=${join(directory, 'mariadbd.pid')}`,
      `--log-error=${join(directory, 'error.log')}`,
      ...Object.entries(options).map(([name, value]) => (value === '' ? `--${name}` : `--${name}=${value}`)),
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<void>(resolve => server.once('close', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode === null && server.signalCode === null) server.kill(signal)
    await ended
  }
  const log = () => readFile(join(directory, 'error.log'), 'utf8')
  const connect = (database?: string) =>
    createConnection({
      host: '127.0.0.1',
      port,
      user: 'root',
      multipleStatements: false,
      ...(database && { database }),
    })
  process.once('exit', () => server.kill('SIGKILL'))
  try {
    await ready(server, connect)
  } catch (error) {
    const tail = (await log().catch(() => '')).split('\n').slice(-20).join('\n')
    await end('SIGKILL')
    throw new Error(`mariadbd did not start: ${error}\n${tail}`)
  }
  return {
    port,
    socket,
    directory,
    pid: server.pid!,
    log,
    connect,
    async execute(...statements) {
      const connection = await connect()
      try {
        for (const statement of statements) await connection.query(statement)
      } finally {
        await connection.end()
      }
    },
    async stop() {
      await end('SIGTERM')
      if (!given.directory) await rm(directory, { recursive: true, force: true })
    },
    kill: () => end('SIGKILL'),
  }
}

/** mariadb-install-db takes seconds; each process does it once and copies the result. */
let template: Promise<string> | undefined

async function install(directory: string, data: string): Promise<void> {
  template ??= makeTemplate()
  await mkdir(directory, { recursive: true })
  await cp(await template, data, { recursive: true })
}

async function makeTemplate(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-mariadb-template-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  await runOk('mariadb-install-db', [
    '--no-defaults',
    ...asRoot(),
    `--datadir=${join(directory, 'data')}`,
    `--tmpdir=${directory}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    '--innodb-log-file-size=4M',
    '--innodb-flush-method=nosync',
  ])
  return join(directory, 'data')
}

/** mariadbd refuses to run as root unless it is told to. */
const asRoot = () => (process.getuid?.() === 0 ? ['--user=root'] : [])

async function ready(server: ChildProcess, connect: () => Promise<Connection>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null) throw new Error(`it ended with exit code ${server.exitCode}`)
    try {
      await (await connect()).end()
      return
    } catch (error) {
      if (attempt === 599) throw error
      await sleep(50)
    }
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
