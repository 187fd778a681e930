import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { placeOf } from '../../../scripts/setup/servers.ts'
import { prepareTarget } from '../../../uploader/engines/mysql/replay/target.ts'
import { describeServer, differences, type ServerDescription } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { run as runProgram } from '../../support/run.ts'
import { BackupChain } from './chain.ts'
import { failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  const options = {
    log_bin: 'binlog',
    ...(mariadb ? { binlog_format: 'ROW' } : { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' }),
  }
  let source: Database
  let target: Database
  let connection: Connection
  let chain: BackupChain

  beforeAll(async () => {
    ;[source, target] = await Promise.all([startDatabase({ release, options }), startDatabase({ release })])
  })
  beforeEach(async () => {
    connection = await source.connect()
    await run('DROP DATABASE IF EXISTS shop', 'CREATE DATABASE shop', 'USE shop')
    await run('CREATE TABLE orders (id INT PRIMARY KEY, total INT, placed TIMESTAMP NULL) ENGINE=InnoDB')
    await run('INSERT INTO orders (id, total) VALUES (1, 10), (2, 20)')
    chain = await BackupChain.of(settingsFor(source))
    await chain.take('full')
    await step()
  })
  afterEach(async () => {
    await connection.end()
    await chain[Symbol.asyncDispose]()
  })
  afterAll(async () => {
    await Promise.all([source?.stop(), target?.stop()])
  })

  async function run(...statements: string[]): Promise<void> {
    for (const statement of statements) await connection.query(statement)
  }
  async function clean(): Promise<void> {
    await target.execute('DROP DATABASE IF EXISTS shop')
  }
  async function describe_(server: Database): Promise<ServerDescription> {
    const reading = await server.connect()
    try {
      return await describeServer(reading)
    } finally {
      await reading.end()
    }
  }
  /** MariaDB's log knows seconds only: what happens in one second is one moment. */
  const step = () => sleep(mariadb ? 1100 - (Date.now() % 1000) : 20)
  /** A moment at which nothing happens, and what the server holds then. */
  async function moment() {
    await step()
    const [[{ now }]] = (await connection.query(
      "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS now",
    )) as any
    const state = await describe_(source)
    await step()
    return { at: now as string, state }
  }
  async function expectAt({ at, state }: { at: string; state: ServerDescription }): Promise<void> {
    await clean()
    const { warnings } = await chain.restore(target, { kind: 'at', at })
    expect(warnings).toEqual([])
    expect(differences(state, await describe_(target))).toEqual([])
  }
  const position = async () => {
    const statement = mariadb ? 'SHOW MASTER STATUS' : 'SHOW BINARY LOG STATUS'
    const [[status]] = (await connection.query(statement)) as any
    return `${status.File}:${status.Position}`
  }

  test('a moment before, in and after a transaction and a definition is restored exactly', async () => {
    const moments = [await moment()]
    const writer = await source.connect('shop')
    await writer.query('BEGIN')
    await writer.query('INSERT INTO orders (id, total) VALUES (3, 30)')
    moments.push(await moment())
    await writer.query('UPDATE orders SET total = total + 1')
    await writer.query('COMMIT')
    moments.push(await moment())
    await writer.query('ALTER TABLE orders ADD COLUMN note VARCHAR(20) DEFAULT "new"')
    moments.push(await moment())
    await chain.take('log')
    await writer.query('CREATE TABLE more (id INT PRIMARY KEY)')
    await writer.query('INSERT INTO more VALUES (1), (2)')
    moments.push(await moment())
    await writer.query('DROP TABLE orders')
    await writer.end()
    await step()
    await chain.take('log')
    for (const each of moments) await expectAt(each)
  }, 120_000)

  test('the moment of a transaction itself is in, the one just before it is not', async () => {
    const before = await describe_(source)
    await run('INSERT INTO orders (id, total) VALUES (3, 30)')
    const after = await describe_(source)
    await step()
    await chain.take('log')
    await clean()
    const { notes } = await chain.restore(target)
    const committed = /\((20\S+?Z)/.exec(notes.at(-1)!)![1]!
    await expectAt({ at: committed, state: after })
    const justBefore = mariadb
      ? new Date(Date.parse(committed) - 1).toISOString()
      : committed.replace(/(\d{6})Z$/, (_, micros: string) => `${String(Number(micros) - 1).padStart(6, '0')}Z`)
    await expectAt({ at: justBefore, state: before })
  }, 60_000)

  test('before a table was dropped, by the position and by the GTID of the mistake', async () => {
    await run('INSERT INTO orders (id, total) VALUES (3, 30)')
    const state = await describe_(source)
    const before = await position()
    await run('DROP TABLE orders')
    await run('CREATE TABLE later (id INT)')
    await chain.take('log')
    for (const stop of [before, await gtidOf('DROP TABLE')]) {
      await clean()
      const { notes } = await chain.restore(target, { kind: 'latest' }, { before: stop })
      expect(notes.at(-1)).toContain(`up to ${before} (`)
      expect(differences(state, await describe_(target))).toEqual([])
    }
  }, 60_000)

  /** Of the transaction that holds such a statement. */
  async function gtidOf(statement: string): Promise<string> {
    const [logs] = (await connection.query('SHOW BINARY LOGS')) as any
    for (const { Log_name } of logs.reverse()) {
      const [events] = (await connection.query(`SHOW BINLOG EVENTS IN '${Log_name}'`)) as any
      const at = events.findLastIndex((event: any) => event.Event_type === 'Query' && event.Info.includes(statement))
      if (at > 0) return /(?:GTID |GTID_NEXT= ')([^' ]+)/.exec(events[at - 1].Info)![1]!
    }
    throw new Error('there is none')
  }

  test('a position inside of a transaction stops before all of it', async () => {
    const state = await describe_(source)
    const start = await position()
    await run('BEGIN', 'INSERT INTO orders (id) VALUES (3)', 'INSERT INTO orders (id) VALUES (4)', 'COMMIT')
    await chain.take('log')
    const [file, offset] = start.split(':')
    await clean()
    await chain.restore(target, { kind: 'latest' }, { before: `${file}:${Number(offset) + 150}` })
    expect(differences(state, await describe_(target))).toEqual([])
  })

  test('a place that the backups do not lead to is said before anything is changed', async () => {
    await run('INSERT INTO orders (id) VALUES (3)')
    await chain.take('log')
    await clean()
    const elsewhere = mariadb ? '0-1-99999999' : `${'a'.repeat(8)}-bbbb-cccc-dddd-${'e'.repeat(12)}:1`
    for (const before of ['binlog.000001:5', 'binlog.999999:4', elsewhere])
      expect(await failureOf(chain.restore(target, { kind: 'latest' }, { before }))).toMatch(
        /^restore-stop: .*--snapshot ID/,
      )
    expect(await failureOf(chain.restore(target, { kind: 'latest' }, { before: 'noon' }))).toMatch(/^usage: "noon"/)
    const tables = await describe_(target)
    expect([...tables.keys()].filter(key => key.includes('shop'))).toEqual([])
  })

  if (mariadb)
    test('the hour that comes twice when the clocks go back is two hours', async () => {
      await run("SET time_zone = '+02:00'", "SET timestamp = UNIX_TIMESTAMP('2027-10-31 02:30:00')")
      await run('INSERT INTO orders (id, placed) VALUES (3, NOW())')
      await run("SET time_zone = '+01:00'", "SET timestamp = UNIX_TIMESTAMP('2027-10-31 02:30:00')")
      await run('INSERT INTO orders (id, placed) VALUES (4, NOW())', 'SET timestamp = DEFAULT')
      await chain.take('log')
      for (const [at, ids] of [
        ['2027-10-31T02:29:59+02:00', [1, 2]],
        ['2027-10-31T02:30:00+02:00', [1, 2, 3]],
        ['2027-10-31T02:29:59+01:00', [1, 2, 3]],
        ['2027-10-31T02:30:00+01:00', [1, 2, 3, 4]],
      ] as const) {
        await clean()
        await chain.restore(target, { kind: 'latest' }, { at })
        const reading = await target.connect('shop')
        const [rows] = (await reading.query('SELECT id FROM orders ORDER BY id')) as any
        await reading.end()
        expect(rows.map(({ id }: { id: number }) => id)).toEqual(ids)
      }
    })

  test('foreign keys are checked as they were at the source, and triggers do not fire again', async () => {
    await run(
      'CREATE TABLE `lines` (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE)',
    )
    await run('CREATE TABLE audit (n INT)')
    await run('CREATE TRIGGER counted AFTER INSERT ON `lines` FOR EACH ROW INSERT INTO audit VALUES (NEW.id)')
    await run('INSERT INTO `lines` VALUES (1, 1), (2, 2)', 'DELETE FROM orders WHERE id = 1')
    await run('SET foreign_key_checks = 0', 'INSERT INTO `lines` VALUES (3, 99)', 'SET foreign_key_checks = 1')
    const state = await describe_(source)
    await chain.take('log')
    await clean()
    await chain.restore(target)
    expect(differences(state, await describe_(target))).toEqual([])
  })

  test('what the log changes in the server’s own databases is left out, and said', async () => {
    await run('CREATE TABLE mysql.left_behind (a INT)', 'INSERT INTO mysql.left_behind VALUES (1)')
    await run('DROP TABLE mysql.left_behind', 'INSERT INTO orders (id) VALUES (3)')
    const state = await describe_(source)
    await chain.take('log')
    await clean()
    const { warnings } = await chain.restore(target)
    expect(warnings).toEqual([expect.stringMatching(/^replay-left-out: .*database mysql/)])
    expect(differences(state, await describe_(target))).toEqual([])
  })

  test('what the target refuses stops the replay with the place, and everything before it is in', async () => {
    await target.execute('DROP USER IF EXISTS other@localhost')
    await run('INSERT INTO orders (id) VALUES (3)')
    const before = await position()
    await run('CREATE TABLE big (id INT PRIMARY KEY) COMMENT = "refused"')
    await chain.take('log')
    await clean()
    // Something of that name comes between: the replay finds it when it gets there.
    const restoring = chain.restore(target)
    const meddling = (async () => {
      for (;;) {
        try {
          await target.execute('CREATE TABLE shop.big (id INT)')
          return
        } catch {
          await sleep(1)
        }
      }
    })()
    const failure = await failureOf(restoring)
    await meddling
    expect(failure).toContain(`replay-refused: The target refuses the transaction at ${before}: error 1050`)
    expect(failure).toContain(`--start-position=${before.split(':')[1]}`)
    const reading = await target.connect('shop')
    const [rows] = (await reading.query('SELECT id FROM orders')) as any
    expect(rows).toHaveLength(3)
    await reading.end()
  })

  test('a connection that is lost on the way leaves open whether its transaction came through, and the message says so', async () => {
    await target.execute('CREATE DATABASE held', 'CREATE TABLE held.t (id INT PRIMARY KEY)')
    const holder = await target.connect('held')
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM t')
    await run('CREATE DATABASE IF NOT EXISTS held', 'CREATE TABLE IF NOT EXISTS held.t (id INT PRIMARY KEY)')
    await run('DROP TABLE held.t')
    await chain.take('log')
    await clean()
    const failure = failureOf(chain.restore(target))
    const waiter = async () => {
      const [processes] = (await holder.query('SHOW PROCESSLIST')) as any
      return processes.find(({ State }: { State: string }) => /^Waiting for (table|schema) metadata lock/.test(State))
        ?.Id
    }
    await expect.poll(waiter, { timeout: 60_000 }).toBeDefined()
    await holder.query(`KILL ${await waiter()}`)
    expect(await failure).toMatch(
      /^mysql-connection-lost: The connection to the target was lost at binlog\.\d+:\d+: .* perhaps this transaction/,
    )
    expect(await failure).not.toContain('--start-position')
    await holder.end()
    await target.execute('DROP DATABASE held')
    await source.execute('DROP DATABASE held')
  })

  test('the event scheduler of the target stands still meanwhile, and runs again afterwards', async () => {
    await target.execute('SET GLOBAL event_scheduler = ON')
    await run('CREATE EVENT later ON SCHEDULE AT NOW() + INTERVAL 1 DAY DO SET @x = 1')
    await chain.take('full')
    await run('INSERT INTO orders (id) VALUES (3)')
    await chain.take('log')
    await clean()
    const { notes } = await chain.restore(target)
    expect(notes.join()).not.toContain('event_scheduler')
    const reading = await target.connect()
    const [[{ scheduler }]] = (await reading.query('SELECT @@global.event_scheduler AS scheduler')) as any
    expect(scheduler).toBe('ON')
    await reading.end()
  })

  test('a scheduler that cannot be started again is said, and hides nothing else', async () => {
    await target.execute(
      'SET GLOBAL event_scheduler = ON',
      "CREATE USER brief@'%' IDENTIFIED BY 'b'",
      "GRANT ALL ON *.* TO brief@'%'",
    )
    const address = { host: '127.0.0.1', port: target.port }
    const login = { address, user: 'brief', password: 'b', tls: undefined }
    const warnings: string[] = []
    const { signal } = new AbortController()
    const warn = (code: string, message: string) => void warnings.push(`${code}: ${message}`)
    const nothing = { files: [], groups: 0, last: null, next: null, largestEvent: 0, bytes: 0 }
    const prepared = await prepareTarget(login, nothing, { signal, warn })
    await target.execute("DROP USER brief@'%'")
    await prepared.putBack()
    expect(warnings).toEqual([expect.stringMatching(/^scheduler-off: .*SET GLOBAL event_scheduler = ON/)])
  })

  test('a target that cannot take an event of the logs is refused before anything is changed', async () => {
    await run('CREATE TABLE wide (v LONGTEXT)', "INSERT INTO wide VALUES (REPEAT('x', 4000000))")
    await chain.take('log')
    await clean()
    const admin = await target.connect()
    const [[{ was }]] = (await admin.query('SELECT @@global.max_allowed_packet AS was')) as any
    await admin.query('SET GLOBAL max_allowed_packet = 2097152')
    try {
      expect(await failureOf(chain.restore(target))).toMatch(
        /^restore-target-packet: .*event of the binary logs.*SET GLOBAL/,
      )
      expect([...(await describe_(target)).keys()].filter(key => key.includes('shop'))).toEqual([])
    } finally {
      await admin.query(`SET GLOBAL max_allowed_packet = ${was}`)
      await admin.end()
    }
  })

  test('the commands of the runbook, run word for word with the server’s own programs, lead to the same', async () => {
    await run('INSERT INTO orders (id, total) VALUES (3, 30)', 'CREATE VIEW few AS SELECT id FROM orders')
    await chain.take('log')
    await run(
      'BEGIN',
      "INSERT INTO orders (id, placed) VALUES (4, '2026-10-25 02:30:00')",
      'UPDATE orders SET total = 5',
      'COMMIT',
    )
    const wanted = await moment()
    await run('DROP TABLE orders')
    await step()
    await chain.take('log')
    const { runbook } = await chain.restore(null, { kind: 'at', at: wanted.at })
    const commands = [...runbook.matchAll(/```sh\n(.*?)```/gs)].at(-1)![1]!
    await clean()
    await chain.restore(target, { kind: 'snapshot', snapshot: chain.taken[0]!.committed.snapshot })
    const home = await mkdtemp(join(tmpdir(), 'failsafe-home-'))
    try {
      await writeFile(join(home, '.my.cnf'), `[client]\nprotocol=tcp\nhost=127.0.0.1\nport=${target.port}\nuser=root\n`)
      const path = release === 'mariadb-10.11' ? '' : `${placeOf(release).bin}:`
      const done = await runProgram('bash', ['-eo', 'pipefail', '-c', commands], {
        cwd: chain.directory,
        env: { ...process.env, HOME: home, PATH: `${path}${process.env.PATH}`, TZ: 'America/New_York' },
      })
      expect(done.code, done.stderr).toBe(0)
      expect(differences(wanted.state, await describe_(target))).toEqual([])
    } finally {
      await rm(home, { recursive: true })
    }
  }, 60_000)
})
