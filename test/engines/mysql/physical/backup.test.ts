import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { placeOf } from '../../../../scripts/setup/servers.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { loginOf } from '../../../../uploader/engines/mysql/connection/login.ts'
import { withServer } from '../../../../uploader/engines/mysql/connection/with-server.ts'
import { mysql } from '../../../../uploader/engines/mysql/engine.ts'
import { checkMachine } from '../../../../uploader/engines/mysql/physical/check-machine.ts'
import { Copy } from '../../../../uploader/engines/mysql/physical/copy.ts'
import { lookAtMachine } from '../../../../uploader/engines/mysql/physical/machine.ts'
import { type Database, startDatabase } from '../../../support/database.ts'
import { BackupChain } from '../chain.ts'
import { failureOf } from '../harness.ts'
import { never, physicalSettings, processesWith, script, temporary } from './support.ts'

/** What an option file would read as a quote, an escape, a comment, an end. */
const password = ` it's "quoted" \\n # ä€🛒 ; = \\`
const rights = ['RELOAD', 'PROCESS', 'LOCK TABLES', 'BINLOG MONITOR']

let server: Database
let chain: BackupChain
const asBackup = () => physicalSettings(server, {}, { user: 'bkp', passwordEnv: 'MYSQL_PHYSICAL_PASSWORD' })

beforeAll(async () => {
  process.env.MYSQL_PHYSICAL_PASSWORD = password
  server = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  await server.execute(
    'CREATE DATABASE d',
    'CREATE TABLE d.t (id INT PRIMARY KEY, t TEXT)',
    'INSERT INTO d.t SELECT seq, REPEAT(MD5(seq), 30) FROM d.seq_1_to_20000',
  )
  await grant(...rights)
})
afterAll(() => server?.stop())
beforeEach(async () => {
  chain = await BackupChain.of(physicalSettings(server))
})
afterEach(() => chain[Symbol.asyncDispose]())

async function grant(...names: string[]): Promise<void> {
  const connection = await server.connect()
  await connection.query("CREATE OR REPLACE USER bkp@'%' IDENTIFIED BY ?", [password])
  await connection.query(`GRANT ${names.join(', ') || 'USAGE'} ON *.* TO bkp@'%'`)
  await connection.end()
}

/** Connections that others than this test have open. */
async function connections(): Promise<number> {
  const connection = await server.connect()
  const [[row]] = (await connection.query(
    "SELECT COUNT(*) n FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND <> 'Daemon'",
  )) as any
  await connection.end()
  return Number(row.n)
}

/** Nothing of a backup that failed is left, on this machine and on the server, which takes writes as before. */
async function expectUntouched(of = chain): Promise<void> {
  await expect.poll(async () => [...(await processesWith(of.scratch)).values()]).toEqual([])
  await expect.poll(connections).toBe(0)
  expect(await readdir(of.directory)).not.toContain('scratch')
  await server.execute('REPLACE INTO d.t VALUES (0, "written")', 'CREATE TABLE d.x (id INT)', 'DROP TABLE d.x')
}

/** Once, while the stream is read. */
function during(work: () => Promise<unknown>, of = chain, signal = never()) {
  let done = false
  return of.take('full', {
    signal,
    async onChunk() {
      if (done) return
      done = true
      await work()
    },
  })
}

test('the least rights suffice, with a password of any letters, which no process list and no other account can see', async () => {
  const own = await BackupChain.of(asBackup())
  await using _ = own
  let lines: string[] = []
  let file: { name: string; mode: number } | undefined
  await during(async () => {
    lines = [...(await processesWith(own.scratch)).values()]
    const name = (await readdir(own.scratch)).find(each => each.endsWith('.cnf'))!
    file = { name, mode: (await stat(join(own.scratch, name))).mode & 0o777 }
  }, own)
  expect(lines).toEqual([expect.stringContaining('mariadb-backup --defaults-file=')])
  expect(lines[0]).not.toContain('quoted')
  expect(file?.mode).toBe(0o600)
  await expectUntouched(own)
})

test.each(rights)('without the right %s the backup is refused, with the statement that grants it', async missing => {
  await grant(...rights.filter(right => right !== missing))
  try {
    expect(await failureOf(mysql.inspect(asBackup(), never()))).toMatch(
      new RegExp(`^mysql-missing-right: .*lacks the right ${missing}.*GRANT ${missing} ON \\*\\.\\* TO`),
    )
    const findings = await mysql.checkRights!(asBackup(), never())
    expect(findings).toContainEqual(expect.objectContaining({ code: 'mysql-missing-right', grave: true }))
  } finally {
    await grant(...rights)
  }
})

test.each([
  [
    'missing',
    '/nowhere/mariadb-backup',
    /^mysql-physical-program-missing: .*it is not there\. Install it for MariaDB 10\.11/,
  ],
  [
    'of another version',
    join(placeOf('mariadb-11.8').bin, 'mariadb-backup'),
    /^mysql-physical-program-version: .*of MariaDB 11\.8/,
  ],
  ['something else', '/bin/true', /^mysql-physical-program-version: .*does not say of which server/],
])('a program that is %s is refused with what to install', async (_, program, message) => {
  const settings = physicalSettings(server, { program })
  expect(await failureOf(mysql.inspect(settings, never()))).toMatch(message)
  const [finding] = await mysql.checkRights!(settings, never())
  expect(finding).toMatchObject({ grave: true, fix: expect.stringContaining('apt-get install mariadb-backup') })
})

test('a server on another machine, or whose files are not here or not to be read, is refused', async () => {
  const settings = physicalSettings(server)
  const inventory = await mysql.inspect(settings, never())
  const look = async (change: Partial<typeof inventory>) =>
    failureOf(
      withServer(await loginOf(settings.connection, never()), never(), connection =>
        lookAtMachine(connection, { ...inventory, ...change }, settings, never()),
      ),
    )
  expect(await look({ hostname: 'elsewhere' })).toMatch(/^mysql-physical-elsewhere: .*runs on elsewhere, and this is/)
  expect(await look({ dataDirectory: '/nowhere/data/' })).toMatch(/^mysql-physical-elsewhere: .*no such directory here/)
  await using folder = await temporary()
  await chmod(folder.path, 0o755)
  const data = join(folder.path, 'data')
  await mkdir(join(data, 'mysql'), { recursive: true })
  await chmod(data, 0)
  // Root may read everything; nobody may not.
  const root = process.getuid!() === 0
  if (root) process.seteuid!(65_534)
  try {
    expect(await look({ dataDirectory: data })).toMatch(/^mysql-physical-unreadable: .*Run failsafe as root/)
  } finally {
    if (root) process.seteuid!(0)
    await chmod(data, 0o700)
  }
})

test('physical is recommended for a large server where it can be had, and for no other', async () => {
  const settings = mysql.settings.parse({ connection: { port: server.port, user: 'root' } })
  const inventory = await mysql.inspect(settings, never())
  const check = async (dataBytes: number, more: object = {}) =>
    withServer(await loginOf(settings.connection, never()), never(), connection =>
      checkMachine(connection, { ...inventory, dataBytes, ...more }, settings, never()),
    )
  expect(await check(60 * 1024 ** 3)).toEqual([
    expect.objectContaining({
      code: 'mysql-physical-recommended',
      grave: false,
      fix: 'Set method: physical for the source',
    }),
  ])
  expect(await check(40 * 1024 ** 3)).toEqual([])
  expect(await check(60 * 1024 ** 3, { hostname: 'elsewhere' })).toEqual([])
  expect(await mysql.checkRights!(physicalSettings(server), never())).toEqual([])
})

test('a program that is killed in the middle fails the backup, and nothing of it is left', async () => {
  const kill = async () => {
    for (const id of (await processesWith(chain.scratch)).keys()) process.kill(id, 'SIGKILL')
  }
  expect(await failureOf(during(kill))).toMatch(
    /^mysql-physical-failed: mariadb-backup did not complete.*ended with SIGKILL/,
  )
  await expectUntouched()
})

test('an abort ends the program at once, and nothing of it is left', async () => {
  const abort = new AbortController()
  const enough = async () => abort.abort(new Error('enough'))
  expect(await failureOf(during(enough, chain, abort.signal))).toContain('enough')
  await expectUntouched()
})

test('a program that ends well without having completed fails the backup', async () => {
  await using folder = await temporary()
  const program = await script(
    folder.path,
    'mariadb-backup',
    '[ "$1" = --version ] && exec mariadb-backup --version; echo data; echo "not quite" >&2',
  )
  await using own = await BackupChain.of(physicalSettings(server, { program }))
  expect(await failureOf(own.take('full'))).toMatch(/^mysql-physical-failed: .*ended with 0, and said: not quite/)
  await expectUntouched(own)
})

test('commits that had to wait for long are told of, with what helps', async () => {
  await using folder = await temporary()
  const program = await script(
    folder.path,
    'mariadb-backup',
    'for said in "Acquired locks for BACKUP STAGE BLOCK_COMMIT" "All tables unlocked" "completed OK!"; do echo "$said" >&2; done; echo data',
  )
  await writeFile(join(folder.path, 'xtrabackup_checkpoints'), 'from_lsn = 0\nto_lsn = 1\n')
  await writeFile(join(folder.path, 'xtrabackup_info'), 'binlog_pos = \n')
  for (const [seconds, warned] of [
    [9, []],
    [12, [expect.stringMatching(/^commits waited 12 s .*staging\.maxBytes/)]],
  ] as const) {
    const told: string[] = []
    const times = [0, seconds * 1000]
    const copy = new Copy({
      program,
      args: [],
      directory: folder.path,
      context: {
        signal: never(),
        step: () => {},
        warn: (_code, message) => told.push(message),
        now: () => new Date(times.shift()!),
      },
      serverTime: async () => 'the time under the lock',
      entryOf: async (_result, time) => ({ unit: time }) as UnitEntry,
    })
    for await (const _ of copy.read());
    expect((await copy.finished).entry.unit).toBe('the time under the lock')
    expect(told).toEqual(warned)
  }
})

test('a redo log that is written over before it was copied fails the backup, with what to raise', async () => {
  const small = await startDatabase({ options: { innodb_log_file_size: '4M' } })
  try {
    await small.execute(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY, t TEXT)',
      'INSERT INTO d.t SELECT seq, REPEAT(MD5(seq), 30) FROM d.seq_1_to_20000',
    )
    await using own = await BackupChain.of(physicalSettings(small))
    const write = async () => {
      for (let i = 0; i < 4; i++) await small.execute('UPDATE d.t SET t = REVERSE(t)')
    }
    expect(await failureOf(during(write, own))).toMatch(/^mysql-physical-redo-lost: .*innodb_log_file_size/)
  } finally {
    await small.stop()
  }
})

test('a server that dies in the middle fails the backup', async () => {
  const doomed = await startDatabase()
  await doomed.execute(
    'CREATE DATABASE d',
    'CREATE TABLE d.t (id INT PRIMARY KEY, t TEXT)',
    'INSERT INTO d.t SELECT seq, REPEAT(MD5(seq), 30) FROM d.seq_1_to_20000',
  )
  try {
    await using own = await BackupChain.of(physicalSettings(doomed))
    expect(await failureOf(during(() => doomed.kill(), own))).toMatch(
      /^mysql-physical-failed: .*it ended with \w+, and said: .*(gone away|Lost connection)/,
    )
    await expect.poll(async () => [...(await processesWith(own.scratch)).values()]).toEqual([])
  } finally {
    await doomed.stop()
  }
})

test('a differential whose full is of another history of the log becomes a full', async () => {
  await chain.take('full')
  await server.execute('RESET MASTER', 'INSERT INTO d.t VALUES (-1, "x")')
  const again = await chain.take('differential')
  expect(again).toMatchObject({ plan: { kind: 'full' }, promoted: 'LOG_HISTORY' })
  expect((await chain.take('differential')).plan.kind).toBe('differential')
})

test('a differential of a server whose data directory was put back becomes a full', async () => {
  await using folder = await temporary()
  const source = await startDatabase({ directory: folder.path })
  await source.execute('CREATE DATABASE d', 'CREATE TABLE d.t (id INT)')
  await using own = await BackupChain.of(physicalSettings(source))
  await own.take('full')
  await using target = await temporary()
  await source.stop()
  const data = join(target.path, 'data')
  await mysql.restore(
    { ...own.input({ kind: 'latest' }), apply: { target: `file://${data}` } },
    { signal: never(), concurrency: 1, warn: () => {}, progress: () => {}, now: () => new Date() },
  )
  await rm(join(folder.path, 'data'), { recursive: true })
  await rename(data, join(folder.path, 'data'))
  const restored = await startDatabase({ directory: folder.path, port: source.port })
  try {
    expect(await own.take('differential')).toMatchObject({ plan: { kind: 'full' }, promoted: 'DATA_REPLACED' })
  } finally {
    await restored.stop()
  }
})
