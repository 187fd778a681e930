import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { dump, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** A server that has something else to do than to be backed up. */
describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')
  let server: Database

  beforeAll(async () => {
    server = await startDatabase({ release, options: { log_bin: 'binlog' } })
    await server.execute(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)',
      'INSERT INTO d.t VALUES (1, 1), (2, 2)',
      ...[
        ['locker', 'LOCK TABLES, '],
        ['reloader', ''],
      ].flatMap(([user, lockTables]) => [
        `CREATE USER ${user}@'%'`,
        `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, ${lockTables}REPLICATION SLAVE, ${isMysql ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'} ON *.* TO ${user}@'%'`,
        ...(isMysql ? [`GRANT BACKUP_ADMIN, XA_RECOVER_ADMIN ON *.* TO ${user}@'%'`] : []),
      ]),
    )
  })
  afterAll(() => server?.stop())

  /** Uses the table as others do, until it is stopped; returns the longest that one of them had to wait, in milliseconds. */
  function users() {
    let running = true
    let longest = 0
    const work = ['SELECT * FROM t', 'UPDATE t SET v = v + 1 WHERE id = 2'].map(async statement => {
      const connection = await server.connect('d')
      while (running) {
        const began = performance.now()
        await connection.query(statement)
        longest = Math.max(longest, performance.now() - began)
        await sleep(5)
      }
      await connection.end()
    })
    return async () => {
      running = false
      await Promise.all(work)
      return longest
    }
  }

  /** A report that takes half a minute, and reads a table that everybody needs; it is running for longer than a moment when this returns. */
  async function report() {
    const connection = await server.connect('d')
    const done = connection.query('SELECT SLEEP(30) FROM t WHERE id = 1')
    done.catch(() => {}) // it is killed in the end
    await sleep(2500)
    return async () => {
      await server.execute(`KILL ${connection.threadId}`)
      connection.destroy()
    }
  }

  test('a long statement keeps no user of its table waiting because of a backup, and the moment is exact all the same', async () => {
    const endReport = await report()
    const stop = users()
    try {
      await using dumped = await dump(settingsFor(server, 'locker'))
      expect(dumped.units[0]!.info).toMatchObject({
        moment: isMysql ? 'instance-lock' : 'backup-stage',
        logFile: 'binlog.000001',
      })
      expect(dumped.warnings).toEqual([])
    } finally {
      // With a lock that waits for the report it would be half a minute.
      expect(await stop()).toBeLessThan(4000)
      await endReport()
    }
  })

  if (isMysql)
    test('without the right to lock tables it goes on without a lock, and says what that costs', async () => {
      const endReport = await report()
      const stop = users()
      try {
        await using dumped = await dump(settingsFor(server, 'reloader'))
        expect(dumped.units[0]!.info).toMatchObject({ moment: 'single' })
        expect(dumped.warnings.map(warning => warning.split(':')[0])).toEqual([
          'moment-lock-not-granted',
          'one-connection',
        ])
      } finally {
        expect(await stop()).toBeLessThan(4000)
        await endReport()
      }
    })

  test('a long change of rows keeps other writers waiting for seconds at most', async () => {
    const connection = await server.connect('d')
    connection.query('UPDATE t SET v = v + SLEEP(25) WHERE id = 1').catch(() => {}) // it is killed in the end
    await sleep(2500)
    const stop = users()
    try {
      await using dumped = await dump(settingsFor(server, 'locker'))
      expect(dumped.input.files.some(({ name }) => name.startsWith('d.t.'))).toBe(true)
    } finally {
      expect(await stop()).toBeLessThan(8000)
      await server.execute(`KILL ${connection.threadId}`)
      connection.destroy()
    }
  })
})
