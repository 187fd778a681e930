import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Server } from '../../../uploader/engines/mysql/connection/server.ts'
import { large } from '../../../uploader/engines/mysql/restore/filling.ts'
import { putOn, takeOff } from '../../../uploader/engines/mysql/restore/late-indexes.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, failureOf, settingsFor } from './harness.ts'
import { nastyOn } from './nasty/nasty.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const parent = 'CREATE TABLE parent (id INT PRIMARY KEY, code INT, note INT, KEY code (code), KEY note (note))'

/** A table, and the indexes that are taken off it: all, or those behind one that has to stay. */
const tables: Record<string, { create: string; off: string[]; only?: 'mariadb' | 'mysql' }> = {
  'indexes of all kinds': {
    create: `CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20) COMMENT 'x\\n  KEY \`a\` (', c TEXT, d INT AS (a + 1) VIRTUAL, u INT,
      KEY a (a) COMMENT 'it''s, here', KEY b (b(5), a DESC), KEY \`e \`\` f\` (a, b), UNIQUE KEY u (u), FULLTEXT KEY c (c), KEY d (d))`,
    off: ['a', 'b', 'e ` f', 'd'],
  },
  'none but the primary key': { create: 'CREATE TABLE t (id INT PRIMARY KEY, a INT UNIQUE)', off: [] },
  'one that a column counts by': {
    create: 'CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL AUTO_INCREMENT, a INT, KEY n (n), KEY a (a))',
    off: ['a'],
  },
  'one that a foreign key needs': {
    create:
      'CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, c INT, KEY b (b), KEY a (a), KEY c (c), FOREIGN KEY (a) REFERENCES parent (id))',
    off: ['c'],
  },
  'one of places': {
    create:
      'CREATE TABLE t (id INT PRIMARY KEY, a INT, g GEOMETRY NOT NULL, b INT, KEY a (a), SPATIAL KEY g (g), KEY b (b))',
    off: ['b'],
  },
  partitions: {
    create:
      'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (10), PARTITION q VALUES LESS THAN MAXVALUE)',
    off: ['a'],
  },
  'names that go on in another line': {
    create:
      'CREATE TABLE t (id INT PRIMARY KEY, `a\n  KEY ``b`` (` INT, b INT, KEY `c\nd` (b), KEY a (`a\n  KEY ``b`` (`), KEY b (b))',
    off: ['b'],
  },
  'another engine': { create: 'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) ENGINE=MyISAM', off: [] },
  'an index that is ignored': {
    create: 'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a) IGNORED)',
    off: ['a'],
    only: 'mariadb',
  },
  'a history': {
    create: 'CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) WITH SYSTEM VERSIONING',
    off: ['a'],
    only: 'mariadb',
  },
  'an index of an expression, and one that nobody sees': {
    create:
      "CREATE TABLE t (id INT PRIMARY KEY, a JSON, KEY f ((CAST(a->>'$.x' AS CHAR(9)))), KEY b ((id + 1)) INVISIBLE)",
    off: ['f', 'b'],
    only: 'mysql',
  },
}

describe.each(releases)('%s', release => {
  const flavour = release.startsWith('mysql') ? 'mysql' : 'mariadb'
  let target: Database
  beforeAll(async () => {
    target = await startDatabase({ release })
  })
  afterAll(() => target?.stop())

  const indexesOf = async (table: string): Promise<string[]> => {
    await using connection = await target.connect('d')
    const [rows] = (await connection.query(`SHOW INDEX FROM ${table}`)) as any
    return [...new Set<string>(rows.map((row: any) => row.Key_name))]
  }
  const login = () => ({
    address: { host: '127.0.0.1', port: target.port },
    user: 'root',
    password: undefined,
    tls: undefined,
  })
  const connect = () => Server.connect(login(), new AbortController().signal)

  test.each(Object.entries(tables).filter(([, { only }]) => only === undefined || only === flavour))(
    'of a table with %s, what is taken off is put on again as it was',
    async (_, { create, off }) => {
      await target.execute('DROP DATABASE IF EXISTS d', 'CREATE DATABASE d', 'USE d', parent, create)
      const before = await indexesOf('t')
      const server = await connect()
      try {
        // As a script leaves the session.
        await server.query("SET SESSION foreign_key_checks = 0, sql_mode = 'ANSI_QUOTES'")
        const indexes = await takeOff(server, 'd', 't')
        const left = await indexesOf('t')
        expect(before.filter(name => !left.includes(name))).toEqual(off)
        expect(indexes === undefined).toBe(off.length === 0)
        if (indexes) expect(await putOn(server, 'd', 't', indexes)).toBe(true)
        expect(await indexesOf('t')).toEqual(before)
      } finally {
        await server.end()
      }
    },
  )

  test('an index that a foreign key of another table points to stays', async () => {
    await target.execute(
      ...['DROP DATABASE IF EXISTS d', 'CREATE DATABASE d', 'USE d', parent],
      ...(flavour === 'mysql' ? ['SET SESSION restrict_fk_on_non_standard_key = 0'] : []),
      'CREATE TABLE t (id INT PRIMARY KEY, code INT, FOREIGN KEY (code) REFERENCES parent (code))',
    )
    const server = await connect()
    try {
      if (flavour === 'mysql') await server.query('SET SESSION restrict_fk_on_non_standard_key = 0')
      expect((await takeOff(server, 'd', 'parent'))?.creation).toBe('ALTER TABLE `d`.`parent` ADD KEY `note` (`note`)')
    } finally {
      await server.end()
    }
  })
})

describe.each<Release>(['mariadb-10.11', 'mysql-9.7'])('%s: a large table', release => {
  let source: Database
  let target: Database
  beforeAll(async () => {
    source = await startDatabase({ release })
    const connection = await source.connect()
    const { all, numbers } = nastyOn(connection, release)
    if (release.startsWith('mysql')) await all('SET SESSION cte_max_recursion_depth = 1000000')
    await all(
      'CREATE DATABASE d',
      'USE d',
      'CREATE TABLE t (id INT PRIMARY KEY, k INT, t VARCHAR(2000), KEY k (k), KEY t (t(100)))',
      'CREATE TABLE little LIKE t',
      `INSERT INTO t SELECT seq, seq * 7919 % 10007, REPEAT(SHA2(seq, 256), 25) FROM ${numbers(1, Math.ceil(large / 1600))}`,
      'INSERT INTO little SELECT * FROM t WHERE id < 100',
      'ANALYZE TABLE t',
    )
    await connection.end()
  })
  afterAll(() => source?.stop())
  const start = async (options: Record<string, string> = {}) => {
    target = await startDatabase({ release, options: { general_log: '1', log_output: 'TABLE', ...options } })
    return { [Symbol.asyncDispose]: () => target.stop() }
  }
  const alterations = async () => {
    await using connection = await target.connect('mysql')
    const [rows] = (await connection.query(
      "SELECT CONVERT(argument USING utf8mb4) AS said FROM general_log WHERE argument LIKE 'ALTER TABLE%'",
    )) as any
    return rows.map(({ said }: any) => said)
  }

  test('gets its indexes after its rows, once, however many connections load it', async () => {
    await using _ = await start()
    await using dumped = await dump(settingsFor(source), { rangeBytes: 4 * 1024 * 1024 })
    expect(dumped.input.files.filter(({ name }) => name.startsWith('d.t.')).length).toBeGreaterThan(1)
    const { warnings } = await applyTo(target, dumped)
    expect(warnings).toEqual([])
    expect(await alterations()).toEqual([
      'ALTER TABLE `d`.`t` DROP KEY `k`, DROP KEY `t`',
      'ALTER TABLE `d`.`t` ADD KEY `k` (`k`), ADD KEY `t` (`t`(100))',
    ])
    expect(await compareServers(source, target)).toEqual([])
  })

  test('whose indexes the target cannot make has its rows, and what to run is told', async () => {
    // Sorting needs room here, and there is none.
    const tmpdir = await mkdtemp(join(os.tmpdir(), 'failsafe-tmpdir-'))
    await using _ = await start({ innodb_tmpdir: tmpdir })
    await using dumped = await dump(settingsFor(source))
    await rm(tmpdir, { recursive: true })
    const { warnings } = await applyTo(target, dumped)
    expect(warnings).toEqual([
      expect.stringMatching(
        /^indexes-missing: `d`\.`t` has its rows, but .*run there: ALTER TABLE `d`\.`t` ADD KEY `k` \(`k`\), ADD KEY `t` \(`t`\(100\)\)$/,
      ),
    ])
    expect(await compareServers(source, target)).toEqual([expect.stringMatching(/^table d\.t/)])
  })

  test('whose connection is lost while its indexes are made is told as that, and what to do', async () => {
    await using _ = await start()
    await using dumped = await dump(settingsFor(source))
    const failure = failureOf(applyTo(target, dumped))
    await using holder = await target.connect()
    const hasRows = async () => {
      await holder.query('ROLLBACK')
      await holder.query('BEGIN')
      const [rows] = (await holder.query('SELECT id FROM d.t LIMIT 1').catch(() => [[]])) as any
      return rows.length > 0
    }
    // Whoever reads the table keeps its definition from being changed.
    await expect.poll(hasRows, { interval: 5 }).toBe(true)
    const waiter = async () => {
      const [processes] = (await holder.query('SHOW FULL PROCESSLIST')) as any
      return processes.find(({ Info, State }: any) => /ADD KEY/.test(Info) && /metadata lock/.test(State))?.Id
    }
    await expect.poll(waiter, { timeout: 30_000 }).toBeDefined()
    await holder.query(`KILL ${await waiter()}`)
    expect(await failure).toMatch(
      /^mysql-connection-lost: The connection to the target was lost while the indexes of `d`\.`t` were made: .*restore again/s,
    )
  })
})
