import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const gtids = { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' }

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  let source: Database
  let target: Database

  beforeAll(async () => {
    const options = { log_bin: 'binlog', binlog_format: 'ROW', ...(mariadb ? {} : gtids) }
    ;[source, target] = await Promise.all([startDatabase({ release, options }), startDatabase({ release })])
  })
  afterAll(async () => {
    await Promise.all([source?.stop(), target?.stop()])
  })

  test('whatever changes a server between two backups is replayed', async () => {
    const one = await source.connect()
    const other = await source.connect()
    const run = async (connection: typeof one, ...statements: string[]) => {
      for (const statement of statements) await connection.query(statement)
    }
    await run(
      one,
      'CREATE DATABASE shop CHARACTER SET utf8mb4',
      'CREATE TABLE shop.x (id INT PRIMARY KEY)',
      'USE shop',
      'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(300), x LONGBLOB) ENGINE=InnoDB',
      "INSERT INTO t (id, v) VALUES (1, 'a')",
    )
    await using chain = await BackupChain.of(settingsFor(source))
    await chain.take('full')
    await run(
      one,
      "INSERT INTO t (id, v) VALUES (2, 'bß🛒')",
      'BEGIN',
      "UPDATE t SET v = 'c' WHERE id = 1",
      'SAVEPOINT s',
      "INSERT INTO t (id, v) VALUES (3, 'd')",
      'ROLLBACK TO s',
      "INSERT INTO t (id, v) VALUES (4, 'd')",
      'COMMIT',
      'CREATE TABLE copied ENGINE=InnoDB AS SELECT * FROM t',
    )
    expect((await chain.take('log')).plan.kind).toBe('log')
    await run(
      one,
      'SET NAMES latin1',
      "CREATE VIEW v AS SELECT 'hällo' AS x",
      'SET NAMES utf8mb4',
      "SET time_zone = '+05:00', sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0",
      `CREATE TABLE "w ö" (a INT DEFAULT 5, made TIMESTAMP NULL DEFAULT '2026-10-25 02:30:00', FOREIGN KEY (a) REFERENCES nowhere (b))`,
      "SET foreign_key_checks = 1, sql_mode = '', time_zone = '+00:00'",
      "CREATE USER clerk@'%' IDENTIFIED BY 'x'",
      "GRANT SELECT ON shop.* TO clerk@'%'",
      'CREATE FUNCTION five() RETURNS INT DETERMINISTIC RETURN 5',
      "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, 'T')",
      "INSERT INTO t (id, v) VALUES (9, 'once')",
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 02:00:00' DO DELETE FROM shop.t",
      "INSERT INTO t (id, x) VALUES (10, REPEAT('abc', 700000))",
      "UPDATE t SET x = REPEAT('xyz', 300000)",
      'INSERT INTO t (id, v) SELECT id + 1000, v FROM t',
      'ANALYZE TABLE t',
      "XA START 'pending'",
      'INSERT INTO x VALUES (50)',
      "XA END 'pending'",
      "XA PREPARE 'pending'",
    )
    await run(other, 'USE shop')
    if (mariadb)
      await run(
        other,
        'SET GLOBAL log_bin_compress = ON',
        'SET GLOBAL log_bin_compress_min_len = 10',
        "INSERT INTO t (id, v) VALUES (40, REPEAT('b', 90))",
        "UPDATE t SET v = REPEAT('z', 80) WHERE id < 20",
        'DELETE FROM t WHERE id = 40',
        `CREATE TABLE described (a INT) COMMENT = '${'b'.repeat(90)}'`,
        'SET GLOBAL log_bin_compress = OFF',
        'CREATE SEQUENCE numbers',
        'SELECT NEXTVAL(numbers)',
        'CREATE TABLE versioned (a INT PRIMARY KEY) WITH SYSTEM VERSIONING',
        'INSERT INTO versioned VALUES (1), (2)',
        'UPDATE versioned SET a = 3 WHERE a = 1',
      )
    else
      await run(
        other,
        'SET binlog_transaction_compression = ON',
        "INSERT INTO t (id, v) VALUES (40, REPEAT('b', 90))",
        'INSERT INTO t (id, v) SELECT id + 100, v FROM t',
        'SET binlog_transaction_compression = OFF',
        "SET gtid_next = 'AUTOMATIC:nightly'",
        "INSERT INTO t (id, v) VALUES (41, 'tagged')",
        "SET gtid_next = 'AUTOMATIC', binlog_row_value_options = PARTIAL_JSON",
        'CREATE TABLE j (id INT PRIMARY KEY, d JSON)',
        `INSERT INTO j VALUES (1, '{"a": 1, "b": "${'x'.repeat(200)}"}')`,
        "UPDATE j SET d = JSON_SET(d, '$.a', 2)",
      )
    await run(
      other,
      'DROP DATABASE IF EXISTS nowhere',
      'CREATE DATABASE second',
      'USE second',
      'CREATE TABLE x (a INT)',
      'DROP DATABASE second',
      'CREATE DATABASE second',
      'USE second',
      'CREATE TABLE x (a INT PRIMARY KEY)',
      'INSERT INTO x VALUES (1), (2)',
    )
    await other.end()
    await run(one, "XA COMMIT 'pending'")
    await one.end()
    expect((await chain.take('log')).plan.kind).toBe('log')
    const { warnings, notes } = await chain.restore(target)
    expect(warnings).toEqual([])
    expect(notes.at(-1)).toMatch(/^\d+ transactions replayed from the binary logs, up to binlog\.0+\d+:\d+ \(20/)
    expect(await compareServers(source, target)).toEqual([])
  })
})
