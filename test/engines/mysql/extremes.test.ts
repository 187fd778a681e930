import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { long, times } from '../../support/counts.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, failureOf, settingsFor } from './harness.ts'
import { measureDump, memoryLimitMib } from './measure.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** In `npm test` a row of 100 MB, and a tenth of the tables on one server; in `npm run test:long` 600 MB, and all of them on all. */
const rowBytes = long ? 600_000_000 : 100_000_000
const tables = times(10_000)

describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')

  describe('a row longer than any buffer', () => {
    const able = {
      max_allowed_packet: '1G',
      ...(isMysql ? { innodb_redo_log_capacity: '4G' } : { innodb_log_file_size: '1G' }),
    }
    let source: Database

    beforeAll(async () => {
      source = await startDatabase({ release, options: able })
      await source.execute(
        'CREATE DATABASE d',
        'CREATE TABLE d.t (id INT PRIMARY KEY, b LONGBLOB)',
        // A byte in thirty is one that must be escaped.
        `INSERT INTO d.t VALUES (1, 'short'), (2, REPEAT(CONCAT(0x00FF, 'what is long is long for no reason'), ${Math.floor(rowBytes / 36)}))`,
      )
    })
    afterAll(() => source?.stop())

    async function digests(server: Database): Promise<unknown> {
      const connection = await server.connect()
      try {
        const [rows] = await connection.query('SELECT id, LENGTH(b) AS bytes, SHA2(b, 256) AS sha FROM d.t ORDER BY id')
        return rows
      } finally {
        await connection.end()
      }
    }

    test(`is read in as little memory as any other (${rowBytes / 1_000_000} MB)`, async () => {
      const { rows, bytes, peakMib } = await measureDump(source)
      expect(rows).toBe(2)
      expect(bytes).toBeGreaterThan(rowBytes)
      expect(peakMib).toBeLessThan(memoryLimitMib)
    }, 600_000)

    test('is refused by a target that takes no statement as long, and comes back exactly in one that does', async () => {
      await using dumped = await dump(settingsFor(source))
      const target = await startDatabase({ release, options: { ...able, max_allowed_packet: '64M' } })
      try {
        expect(await failureOf(applyTo(target, dumped))).toMatch(
          /^restore-target-packet: .*`d`.`t`.*SET GLOBAL max_allowed_packet = \d+/,
        )
        await target.execute('SET GLOBAL max_allowed_packet = 1073741824')
        await applyTo(target, dumped)
        expect(await digests(target)).toEqual(await digests(source))
      } finally {
        await target.stop()
      }
    }, 600_000)
  })
})

describe.each(long ? releases : releases.slice(0, 1))('%s', release => {
  test(`a server of ${tables.toLocaleString('en')} tables is backed up in little memory`, async () => {
    const server = await startDatabase({ release, options: { log_bin: 'binlog', table_open_cache: '400' } })
    try {
      const connection = await server.connect()
      await connection.query('CREATE DATABASE many')
      await connection.query('USE many')
      await connection.query('SET SESSION sql_log_bin = 0')
      for (let n = 0; n < tables; n++) {
        await connection.query(`CREATE TABLE t${n} (id INT PRIMARY KEY, name VARCHAR(50), KEY (name))`)
        if (n % 10 === 0) await connection.query(`INSERT INTO t${n} VALUES (1, 'one')`)
      }
      await connection.end()
      const { files, rows, peakMib } = await measureDump(server, 4)
      expect(files).toBeGreaterThan(2 * tables)
      expect(rows).toBe(Math.ceil(tables / 10))
      expect(peakMib).toBeLessThan(memoryLimitMib)
    } finally {
      await server.stop()
    }
  }, 1_200_000)
})
