import type { Connection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** An XA transaction that is prepared before a full backup and ends after it: the full does not see its rows, and the log after it has only its end. */
describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')
  let source: Database
  let target: Database
  let transaction: Connection
  let chain: BackupChain

  beforeAll(async () => {
    const options = { log_bin: 'binlog', ...(isMysql ? {} : { binlog_format: 'ROW' }) }
    ;[source, target] = await Promise.all([startDatabase({ release, options }), startDatabase({ release })])
    const without = isMysql ? 'REPLICATION CLIENT, BACKUP_ADMIN' : 'BINLOG MONITOR'
    await source.execute(
      "CREATE USER blind@'%'",
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, LOCK TABLES, REPLICATION SLAVE, ${without} ON *.* TO blind@'%'`,
    )
  })
  afterAll(() => Promise.all([source?.stop(), target?.stop()]))
  beforeEach(async () => {
    await source.execute('DROP DATABASE IF EXISTS d', 'CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY)')
    await target.execute('DROP DATABASE IF EXISTS d', "DROP USER IF EXISTS blind@'%'")
    transaction = await source.connect('d')
    chain = await BackupChain.of(settingsFor(source))
  })
  afterEach(async () => {
    await transaction.end()
    await chain[Symbol.asyncDispose]()
  })

  async function prepare(): Promise<void> {
    for (const statement of ["XA START 'paid'", 'INSERT INTO t VALUES (50)', "XA END 'paid'", "XA PREPARE 'paid'"])
      await transaction.query(statement)
  }

  test('a full names it, and the next log run becomes a full, from which logs go on again', async () => {
    await prepare()
    const first = await chain.take('full')
    expect(first.warnings).toEqual([expect.stringMatching(/^xa-prepared: .*`paid`/)])
    expect(first.committed.units[0]!.info).not.toHaveProperty('logFile')
    await transaction.query("XA COMMIT 'paid'")
    const second = await chain.take('log')
    expect(second.promoted).toBe('IDENTITY_CHANGED')
    expect(second.warnings).toEqual([])
    await source.execute('INSERT INTO d.t VALUES (60)')
    expect((await chain.take('log')).promoted).toBe(null)
    await chain.restore(target)
    expect(await compareServers(source, target)).toEqual([])
  })

  test('a full that finds one waits a little for its end', async () => {
    await prepare()
    const ending = (async () => {
      await new Promise(resolve => setTimeout(resolve, 1000))
      await transaction.query("XA COMMIT 'paid'")
    })()
    const { warnings, committed } = await chain.take('full')
    await ending
    expect(warnings).toEqual([])
    expect(committed.units[0]!.info).toHaveProperty('logFile')
  })

  test('one that spans two logs of a chain is replayed, committed or rolled back', async () => {
    await chain.take('full')
    await prepare()
    await chain.take('log')
    await transaction.query("XA COMMIT 'paid'")
    for (const statement of ["XA START 'off'", 'INSERT INTO t VALUES (51)', "XA END 'off'", "XA PREPARE 'off'"])
      await transaction.query(statement)
    await chain.take('log')
    await transaction.query("XA ROLLBACK 'off'")
    await chain.take('log')
    const { warnings } = await chain.restore(target)
    expect(warnings).toEqual([])
    expect(await compareServers(source, target)).toEqual([])
  })

  test('a replay that stops leaves none on the target that it prepared, and every other one as it is', async () => {
    await source.execute('DROP DATABASE IF EXISTS in_the_way')
    await target.execute('DROP DATABASE IF EXISTS in_the_way', 'CREATE DATABASE in_the_way', 'CREATE DATABASE theirs')
    await target.execute('CREATE TABLE theirs.t (id INT PRIMARY KEY)')
    const theirs = await target.connect('theirs')
    const perform = async (...statements: string[]) => {
      for (const statement of statements) await theirs.query(statement)
    }
    await perform("XA START 'theirs'", 'INSERT INTO t VALUES (1)', "XA END 'theirs'", "XA PREPARE 'theirs'")
    await chain.take('full')
    await prepare()
    await source.execute('CREATE DATABASE in_the_way')
    await transaction.query("XA COMMIT 'paid'")
    await chain.take('log')
    const failure = await failureOf(chain.restore(target))
    const [prepared] = (await theirs.query('XA RECOVER')) as any
    await perform("XA ROLLBACK 'theirs'")
    await theirs.end()
    expect(failure).toMatch(/^replay-refused: .*error 1007/)
    expect(prepared.map(({ data }: { data: Buffer }) => String(data))).toEqual(['theirs'])
    // Going on from there would meet the end of one that is not there any more.
    expect(failure).not.toContain('--start-position')
    expect(failure).toMatch(/rolled back.*--before binlog\.\d+:\d+$/)
    await source.execute('DROP DATABASE in_the_way')
    await target.execute('DROP DATABASE in_the_way', 'DROP DATABASE theirs')
  })

  if (isMysql) {
    test('where a full could not see it, the log that ends it is refused before anything is changed', async () => {
      await using blind = await BackupChain.of(settingsFor(source, 'blind'))
      await prepare()
      await blind.take('full')
      await source.execute('INSERT INTO d.t VALUES (60)')
      await transaction.query("XA COMMIT 'paid'")
      await blind.take('log')
      const failure = await failureOf(blind.restore(target))
      expect(failure).toMatch(/^replay-unsupported: .*prepared before the full backup/)
      const connection = await target.connect()
      const [databases] = (await connection.query("SHOW DATABASES LIKE 'd'")) as any
      expect(databases).toEqual([])
      // What the message says leads as far as it can be led.
      const before = /--before (\S+:\d+)/.exec(failure)![1]!
      await blind.restore(target, { kind: 'latest' }, { before })
      const [rows] = (await connection.query('SELECT id FROM d.t')) as any
      expect(rows).toEqual([{ id: 60 }])
      await connection.end()
    })

    test('where a full could not see it and it was rolled back, the log is replayed', async () => {
      await using blind = await BackupChain.of(settingsFor(source, 'blind'))
      await prepare()
      await blind.take('full')
      await transaction.query("XA ROLLBACK 'paid'")
      await source.execute('INSERT INTO d.t VALUES (60)')
      await blind.take('log')
      await blind.restore(target)
      expect(await compareServers(source, target)).toEqual([])
    })
  }
})
