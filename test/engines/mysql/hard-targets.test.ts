import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, failureOf, settingsFor } from './harness.ts'
import { nastyOn } from './nasty/nasty.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** Targets that cannot take a backup as it is. */
describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')

  test('tables of a directory of their own come into the data directory of the target, and each is named', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'failsafe-elsewhere-'))
    const source = await startDatabase({ release, options: isMysql ? { innodb_directories: elsewhere } : {} })
    const target = await startDatabase({ release })
    try {
      await source.execute(
        'CREATE DATABASE d',
        `CREATE TABLE d.t (id INT PRIMARY KEY) DATA DIRECTORY = '${elsewhere}'`,
        `CREATE TABLE d.p (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10) DATA DIRECTORY = '${elsewhere}', PARTITION b VALUES LESS THAN MAXVALUE)`,
        'INSERT INTO d.t VALUES (1), (2)',
        'INSERT INTO d.p VALUES (1), (20)',
      )
      const files = () => readdir(join(elsewhere, 'd'))
      const before = await files()
      await using dumped = await dump(settingsFor(source))
      const { warnings } = await applyTo(target, dumped)
      expect(warnings.sort()).toEqual(
        ['d.p', 'd.t'].map(file => expect.stringMatching(`^restore-warning: ${file}-schema\\.sql, .*DATA DIRECTORY`)),
      )
      expect(await files()).toEqual(before)
      const differing = await compareServers(source, target)
      expect(differing.map(line => line.split(':')[0])).toEqual(['table d.p', 'table d.t'])
    } finally {
      await Promise.all([source.stop(), target.stop()])
      await rm(elsewhere, { recursive: true })
    }
  })

  test('a target whose disk is full says at which statement of which file', async () => {
    const source = await startDatabase({ release })
    // A tablespace that cannot grow stands for the disk.
    const target = await startDatabase({
      release,
      options: { innodb_file_per_table: 'OFF', innodb_data_file_path: 'ibdata1:12M;ibdata2:10M' },
    })
    try {
      const connection = await source.connect()
      const { all, numbers } = nastyOn(connection, release)
      if (isMysql) await all('SET SESSION cte_max_recursion_depth = 100000')
      await all(
        'CREATE DATABASE d',
        'USE d',
        'CREATE TABLE t (id INT PRIMARY KEY, t TEXT)',
        `INSERT INTO t SELECT seq, REPEAT('x', 4000) FROM ${numbers(1, 10_000)}`,
      )
      await connection.end()
      await using dumped = await dump(settingsFor(source))
      expect(await failureOf(applyTo(target, dumped))).toMatch(
        /^restore-statement-refused: The target refuses statement \d+ of d\.t\.00000\.sql: error (1114|1021): .*drop what this restore made/,
      )
    } finally {
      await Promise.all([source.stop(), target.stop()])
    }
  })

  test('times of the hour that comes twice when the clocks go back stay two hours, with servers on two clocks', async () => {
    const [source, target] = await Promise.all([startDatabase({ release }), startDatabase({ release })])
    try {
      await setClock(source, 3600)
      await setClock(target, -3600)
      const connection = await source.connect()
      await connection.query('CREATE DATABASE d')
      await connection.query('CREATE TABLE d.t (id INT PRIMARY KEY, ts TIMESTAMP(3) NULL)')
      await connection.query("SET time_zone = '+00:00'")
      await connection.query("INSERT INTO d.t VALUES (1, '2026-10-25 00:30:00'), (2, '2026-10-25 01:30:00')")
      // By the server's own clock both are half past two, first of summer and then of winter.
      await connection.query("SET time_zone = 'Own/Clock'")
      const [local] = (await connection.query("SELECT DISTINCT DATE_FORMAT(ts, '%H:%i') AS at FROM d.t")) as any
      expect(local).toEqual([{ at: '02:30' }])
      await connection.end()
      await using dumped = await dump(settingsFor(source))
      await applyTo(target, dumped)
      expect(await compareServers(source, target)).toEqual([])
      const reading = await target.connect()
      await reading.query("SET time_zone = '+00:00'")
      const [times] = (await reading.query("SELECT DATE_FORMAT(ts, '%H:%i') AS at FROM d.t ORDER BY id")) as any
      expect(times).toEqual([{ at: '00:30' }, { at: '01:30' }])
      await reading.end()
    } finally {
      await Promise.all([source.stop(), target.stop()])
    }
  })
})

/** A clock of its own that goes back by an hour at 2026-10-25 01:00 UTC. @param winter seconds east of UTC afterwards */
async function setClock(server: Database, winter: number): Promise<void> {
  await server.execute(
    "INSERT INTO mysql.time_zone_name VALUES ('Own/Clock', 77)",
    "INSERT INTO mysql.time_zone VALUES (77, 'N')",
    `INSERT INTO mysql.time_zone_transition_type VALUES (77, 0, ${winter + 3600}, 1, 'S'), (77, 1, ${winter}, 0, 'W')`,
    'INSERT INTO mysql.time_zone_transition VALUES (77, 0, 0), (77, 1792890000, 1)',
    "SET GLOBAL time_zone = 'Own/Clock'",
  )
}
