import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Server } from '../../../uploader/engines/mysql/connection/server.ts'
import { routinesScript } from '../../../uploader/engines/mysql/definitions/routines.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** Definitions that are hard to read, or to make again. */
describe.each(releases)('%s', release => {
  let source: Database
  let target: Database

  beforeAll(async () => {
    ;[source, target] = await Promise.all([
      startDatabase({ release, options: { event_scheduler: 'OFF' } }),
      startDatabase({ release }),
    ])
  })
  afterEach(async () => {
    for (const server of [source, target]) await server.execute('DROP DATABASE IF EXISTS d')
  })
  afterAll(() => Promise.all([source?.stop(), target?.stop()]))

  async function run(...statements: string[]): Promise<void> {
    const connection = await source.connect()
    for (const statement of ['CREATE DATABASE d', 'USE d', ...statements]) await connection.query(statement)
    await connection.end()
  }

  test('a routine whose text the server shows as NULL is an error with its name, never an empty routine', async () => {
    await run('CREATE PROCEDURE hidden() SELECT 1')
    await source.execute("CREATE USER caller@'%'", "GRANT EXECUTE ON d.* TO caller@'%'")
    const address = { host: '127.0.0.1', port: source.port }
    const server = await Server.connect(
      { address, user: 'caller', password: undefined, tls: undefined },
      new AbortController().signal,
    )
    const database = { name: 'd', collation: 'utf8mb4_general_ci' }
    expect(await failureOf(routinesScript(server, database))).toMatch(
      /^mysql-missing-right: The text of the procedure `d`\.`hidden` may not be read/,
    )
    await server.end()
    await source.execute("DROP USER caller@'%'")
  })

  test('a view and a function that need each other come back', async () => {
    await run(
      'CREATE TABLE t (id INT PRIMARY KEY)',
      'INSERT INTO t VALUES (1), (2)',
      'CREATE FUNCTION how_many() RETURNS INT DETERMINISTIC RETURN 0',
      'CREATE VIEW ids AS SELECT id, IF(id < 0, how_many(), 0) AS n FROM t',
      'DROP FUNCTION how_many',
      'CREATE FUNCTION how_many() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM ids)',
      'CREATE VIEW on_it AS SELECT id FROM ids WHERE id < 10',
      // What the function reads is not in the text of the view that calls it, and comes after it by name.
      'CREATE VIEW zero AS SELECT id FROM t WHERE id > 0',
      'CREATE FUNCTION of_zero() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM zero)',
      'CREATE VIEW asks AS SELECT of_zero() AS n',
    )
    await using dumped = await dump(settingsFor(source))
    expect(dumped.warnings).toEqual([])
    expect((await applyTo(target, dumped)).warnings).toEqual([])
    expect(await compareServers(source, target)).toEqual([])
  })

  test('events whose time went by while the scheduler was off come back, or are named', async () => {
    await run(
      'CREATE TABLE t (id INT PRIMARY KEY)',
      "SET time_zone = '+05:30'",
      'CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO DELETE FROM t',
      'CREATE EVENT kept ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND ON COMPLETION PRESERVE DO DELETE FROM t',
      "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 02:00:00' DO DELETE FROM t",
    )
    await sleep(2500)
    await using dumped = await dump(settingsFor(source))
    const { warnings } = await applyTo(target, dumped)
    expect(warnings).toHaveLength(2)
    for (const [i, event] of ['kept', 'once'].entries())
      expect(warnings[i]).toMatch(
        new RegExp(`^restore-warning: d\\.~events-schema-triggers\\.sql, .*\\\`${event}\\\`.* in the past`),
      )
    const differing = await compareServers(source, target)
    expect(differing.map(line => line.split('\n')[0])).toEqual(['event d.once: missing', 'event d.kept:'])
  })
})
