import { type ChildProcess, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { placeOf, type ReleaseName } from '../../scripts/setup/servers.ts'
import { runOk } from './run.ts'

/** The machine's own server, or one that the set-up unpacked beside it. */
export type Release = 'mariadb-10.11' | ReleaseName

/** A server on this machine that lets root in without a password. */
export interface Reachable {
  /** A new connection as root. */
  connect(database?: string): Promise<Connection>
  /** Runs statements as root, one after the other. */
  execute(...statements: string[]): Promise<void>
}

/** A real, throw-away server on 127.0.0.1 with a data directory of its own. */
export interface Database extends Reachable {
  release: Release
  port: number
  socket: string
  directory: string
  pid: number
  /** What the server wrote to its error log so far. */
  log(): Promise<string>
  /** An orderly shutdown; where `startDatabase` made the data directory, it goes and so does the server, at once. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would; `startDatabase({ directory })` starts it again. */
  kill(): Promise<void>
}

/** Speed before durability: the data does not outlive the test anyway. */
const fast = {
  innodb_flush_log_at_trx_commit: '0',
  sync_binlog: '0',
  innodb_buffer_pool_size: '64M',
  innodb_fast_shutdown: '2',
  performance_schema: 'OFF',
  key_buffer_size: '1M',
}
const fastMariadb = {
  ...fast,
  innodb_doublewrite: '0',
  innodb_flush_method: 'nosync',
  innodb_log_file_size: '64M',
  aria_pagecache_buffer_size: '8M',
}
/** Without X plugin, which would want a port of its own. */
const fastMysql = {
  ...fast,
  innodb_doublewrite: 'OFF',
  innodb_redo_log_capacity: '64M',
  mysqlx: '0',
  secure_file_priv: 'NULL',
}

const isMysql = (release: Release) => release.startsWith('mysql')

/**
 * @param release MariaDB 10.11 unless another one is named
 * @param directory kept afterwards and used again where it exists; else a temporary one that `stop` removes
 * @param port any free one where it is not given
 * @param program another copy of the server than the release's own
 * @param options server variables, e.g. `{ log_bin: 'binlog', server_id: '7' }`; they win over the ones for speed
 */
export async function startDatabase(
  given: {
    release?: Release
    directory?: string
    port?: number
    program?: string
    options?: Record<string, string>
  } = {},
): Promise<Database> {
  const { release = 'mariadb-10.11' } = given
  const directory = given.directory ?? (await mkdtemp(join(tmpdir(), 'failsafe-database-')))
  const data = join(directory, 'data')
  if (!(await exists(join(data, 'mysql'))))
    await install(release, given.options?.lower_case_table_names ?? '0', directory, data)
  const port = given.port ?? (await freePort())
  const socket = join(directory, 'server.sock')
  const options = {
    server_id: '1',
    ...(isMysql(release) ? fastMysql : fastMariadb),
    // MySQL writes a binary log unless it is told not to.
    ...(isMysql(release) && given.options?.log_bin === undefined ? { skip_log_bin: '' } : {}),
    ...given.options,
  }
  const server = spawn(
    given.program ?? programOf(release),
    [
      '--no-defaults',
      ...asRoot(),
      ...filesOf(release),
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      // A server that starts removes the temporary tables of another one in the same directory.
      `--tmpdir=${directory}`,
      `--pid-file=${join(directory, 'server.pid')}`,
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
  const reachable = databaseAt(port)
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  server.once('close', () => process.off('exit', kill))
  try {
    await ready(server, reachable.connect)
  } catch (error) {
    const tail = (await log().catch(() => '')).split('\n').slice(-20).join('\n')
    await end('SIGKILL')
    throw new Error(`the server did not start: ${error}\n${tail}`)
  }
  return {
    release,
    port,
    socket,
    directory,
    pid: server.pid!,
    log,
    ...reachable,
    async stop() {
      // What is thrown away need not be left in order, which takes some servers seconds.
      await end(given.directory ? 'SIGTERM' : 'SIGKILL')
      if (!given.directory) await rm(directory, { recursive: true, force: true })
    },
    kill: () => end('SIGKILL'),
  }
}

/** @param port of 127.0.0.1 */
export function databaseAt(port: number): Reachable {
  const connect = (database?: string) =>
    createConnection({
      host: '127.0.0.1',
      port,
      user: 'root',
      multipleStatements: false,
      ...(database && { database }),
    })
  return {
    connect,
    async execute(...statements) {
      const connection = await connect()
      try {
        for (const statement of statements) await connection.query(statement)
      } finally {
        await connection.end()
      }
    },
  }
}

/**
 * Making a data directory takes seconds, and there are dozens of test files: it is made once for each release of the server, kept beside the other things
 * that are built, and copied. (MySQL's remembers whether case matters in names.)
 */
const templates = join(import.meta.dirname, '../../build/databases')
/** Their places by their kind, those that this process has made or found. */
const found = new Map<string, Promise<string>>()

async function install(release: Release, lowerCase: string, directory: string, data: string): Promise<void> {
  const kind = isMysql(release) ? `${release}-names-${lowerCase}` : release
  if (!found.has(kind)) found.set(kind, templateOf(release, lowerCase, kind))
  await mkdir(directory, { recursive: true })
  // Half of what Node's own takes.
  await runOk('cp', ['-r', await found.get(kind)!, data])
}

async function templateOf(release: Release, lowerCase: string, kind: string): Promise<string> {
  const { stdout: version } = await runOk(programOf(release), ['--no-defaults', ...asRoot(), '--version'])
  const madeBy = hash('sha256', `${version}${await readFile(import.meta.filename)}`).slice(0, 16)
  const template = join(templates, `${kind}-${madeBy}`)
  await makeTemplate(release, lowerCase, template)
  return template
}

/** Whole or not at all, as other processes look for it at the same time. */
async function makeTemplate(release: Release, lowerCase: string, template: string): Promise<void> {
  if (await exists(template)) return
  await mkdir(templates, { recursive: true })
  const directory = await mkdtemp(join(templates, 'partial-'))
  try {
    const data = join(directory, 'data')
    await initialise(release, lowerCase, directory, data)
    await rename(data, template).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another process was first
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function initialise(release: Release, lowerCase: string, directory: string, data: string): Promise<void> {
  switch (release) {
    case 'mariadb-10.11':
      await runOk('mariadb-install-db', [
        '--no-defaults',
        ...asRoot(),
        `--datadir=${data}`,
        `--tmpdir=${directory}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=4M',
        '--innodb-flush-method=nosync',
      ])
      break
    case 'mariadb-11.8':
      await bootstrap(release, directory, data)
      break
    case 'mysql-9.7':
      await runOk(programOf(release), [
        '--no-defaults',
        ...asRoot(),
        ...filesOf(release),
        '--initialize-insecure',
        `--lower-case-table-names=${lowerCase}`,
        '--secure-file-priv=NULL',
        '--innodb-redo-log-capacity=8M',
        `--datadir=${data}`,
      ])
      // Each copy makes itself a UUID of its own, as two servers have.
      await rm(join(data, 'auto.cnf'), { force: true })
  }
}

/** What mariadb-install-db does, without the programs around it that would need the C library of this machine's release. */
async function bootstrap(release: ReleaseName, directory: string, data: string): Promise<void> {
  await mkdir(join(data, 'mysql'), { recursive: true })
  const share = shareOf(release)
  const scripts = ['system_tables', 'performance_tables', 'system_tables_data'].map(name => `mariadb_${name}.sql`)
  const sql = ['use mysql;', 'SET @auth_root_socket=NULL;', 'SET @skip_auth_anonymous=1;']
  for (const script of [...scripts, 'maria_add_gis_sp_bootstrap.sql', 'mariadb_sys_schema.sql'])
    sql.push(await readFile(join(share, script), 'utf8'))
  const args = ['--no-defaults', ...asRoot(), ...filesOf(release), '--bootstrap', `--datadir=${data}`]
  await runOk(
    programOf(release),
    [...args, `--tmpdir=${directory}`, '--innodb-log-file-size=4M', '--skip-name-resolve'],
    { input: sql.join('\n') },
  )
}

function programOf(release: Release): string {
  switch (release) {
    case 'mariadb-10.11':
      return 'mariadbd'
    case 'mariadb-11.8':
      return join(placeOf(release).bin, 'mariadbd')
    case 'mysql-9.7':
      return join(placeOf(release).bin, 'mysqld')
  }
}

/** An unpacked server does not find its own files. */
function filesOf(release: Release): string[] {
  if (release === 'mariadb-10.11') return []
  const { tree } = placeOf(release)
  return [
    `--basedir=${join(tree, 'usr')}`,
    `--lc-messages-dir=${shareOf(release)}`,
    `--character-sets-dir=${join(shareOf(release), 'charsets')}`,
    `--plugin-dir=${join(tree, 'usr/lib/mysql/plugin')}`,
  ]
}

const shareOf = (release: ReleaseName) =>
  join(placeOf(release).tree, 'usr/share', isMysql(release) ? 'mysql' : 'mariadb')

/** A server refuses to run as root unless it is told to. */
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
