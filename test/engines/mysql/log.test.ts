import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UnitEntry } from '../../../shared/snapshot.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain, type Taken } from './chain.ts'
import { failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  // A server that is killed must not have lost what its log has.
  const durable = { innodb_flush_log_at_trx_commit: '1', sync_binlog: '1' }
  const options = { log_bin: 'binlog', ...durable, ...(mariadb ? { binlog_format: 'ROW' } : {}) }
  let source: Database
  let connection: Connection
  let chain: BackupChain

  beforeAll(async () => {
    source = await startDatabase({ release, options })
  })
  beforeEach(async () => {
    connection = await source.connect()
    await run('DROP DATABASE IF EXISTS shop', 'CREATE DATABASE shop', 'USE shop')
    await run('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB')
    chain = await BackupChain.of(settingsFor(source))
  })
  afterEach(async () => {
    await connection?.end().catch(() => {}) // a test may have stopped the server
    await chain?.[Symbol.asyncDispose]()
  })
  afterAll(() => source?.stop())

  async function run(...statements: string[]): Promise<void> {
    for (const statement of statements) await connection.query(statement)
  }
  const entry = ({ committed }: Taken): UnitEntry => committed.units[0]!
  const reset = mariadb ? 'RESET MASTER' : 'RESET BINARY LOGS AND GTIDS'
  const lastLog = async () => ((await connection.query('SHOW BINARY LOGS')) as any)[0].at(-1).Log_name as string
  /** A log that somebody was just reading stays for a while. */
  const purge = async () => {
    for (let attempt = 0; attempt < 100; attempt++) {
      await run(`PURGE BINARY LOGS TO '${await lastLog()}'`)
      const [logs] = (await connection.query('SHOW BINARY LOGS')) as any
      if (logs.length === 1) return
      await sleep(50)
    }
    throw new Error('the logs are still there')
  }

  test('logs are backed up byte for byte as the server wrote them, events of any size among them', async () => {
    await chain.take('full')
    for (let i = 0; i < 20; i++) await run(`INSERT INTO t (v) VALUES (REPEAT('a', ${i * 20}))`)
    await run("INSERT INTO t (v) VALUES (REPEAT('b', 5592000))", 'UPDATE t SET v = REPEAT(v, 3) WHERE id = 21')
    await run('FLUSH BINARY LOGS', "INSERT INTO t (v) VALUES ('c')", 'FLUSH BINARY LOGS')
    await run('DELETE FROM t WHERE id < 10')
    const log = await chain.take('log')
    expect(log.promoted).toBe(null)
    expect(log.files.length).toBe(3)
    for (const file of log.files) {
      const name = file.name.split('/').at(-1)!
      const captured = await readFile(join(chain.directory, file.name))
      expect(captured.equals(await readFile(join(source.directory, 'data', name))), name).toBe(true)
      expect(file).toMatchObject({ role: 'log', attributes: { checksum: 'CRC32', ending: 'rotate' } })
      expect(Number(file.attributes.size)).toBe(captured.length)
      expect(file.attributes.serverVersion).toContain(release.split('-')[1])
    }
    expect(Number(log.files[0]!.attributes.largestEvent)).toBeGreaterThan(16 * 1024 * 1024)
  }, 60_000)

  test('logs with and without checksums are backed up as they are, and replayed', async () => {
    await using target = { server: await startDatabase({ release }), [Symbol.asyncDispose]: () => target.server.stop() }
    await chain.take('full')
    try {
      for (const checksum of ['NONE', 'CRC32', 'NONE']) {
        await run(`SET GLOBAL binlog_checksum = ${checksum}`, `INSERT INTO t (v) VALUES ('${checksum}')`)
        await run('FLUSH BINARY LOGS')
      }
      const log = await chain.take('log')
      expect(log.promoted).toBe(null)
      expect(new Set(log.files.map(({ attributes }) => attributes.checksum))).toEqual(new Set(['NONE', 'CRC32']))
      for (const { name } of log.files) {
        const captured = await readFile(join(chain.directory, name))
        expect(captured.equals(await readFile(join(source.directory, 'data', name.split('/').at(-1)!))), name).toBe(
          true,
        )
      }
    } finally {
      await run('SET GLOBAL binlog_checksum = CRC32')
    }
    await chain.restore(target.server)
    expect(await compareServers(source, target.server)).toEqual([])
  })

  test('many small runs follow one another without a gap, across fulls too, and lead to what the server is', async () => {
    await using target = { server: await startDatabase({ release }), [Symbol.asyncDispose]: () => target.server.stop() }
    await chain.take('full')
    for (let quarter = 1; quarter <= 48; quarter++) {
      if (quarter % 3 > 0) await run(`INSERT INTO t (v) VALUES ('${quarter}')`)
      if (quarter % 16 === 0) await run('FLUSH BINARY LOGS')
      await chain.take(quarter === 30 ? 'full' : 'log')
    }
    const logs = chain.taken.filter(({ committed }) => committed.kind === 'log').map(entry)
    expect(logs).toHaveLength(47)
    expect(logs[0]!.from).toEqual(entry(chain.taken[0]!).to)
    for (const [i, log] of logs.entries()) {
      if (i > 0) expect(log.from).toEqual(logs[i - 1]!.to)
      expect(log.covers.to > log.covers.from).toBe(true)
    }
    const second = chain.taken.find(({ committed }, i) => i > 0 && committed.kind === 'full')!
    expect(entry(second).to.stream).toBe(logs[0]!.from!.stream)
    // Also from the first full, past the second one.
    chain.taken.splice(chain.taken.indexOf(second), 1)
    await chain.restore(target.server)
    expect(await compareServers(source, target.server)).toEqual([])
  })

  test('without the right to close a log, the open one is backed up as far as it goes, and again by the next run', async () => {
    const rights = mariadb ? 'BINLOG MONITOR' : 'REPLICATION CLIENT'
    await run(
      "DROP USER IF EXISTS reader@'%'",
      "CREATE USER reader@'%' IDENTIFIED BY ''",
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, PROCESS, REPLICATION SLAVE, ${rights} ON *.* TO reader@'%'`,
      ...(mariadb ? [] : ["GRANT BACKUP_ADMIN ON *.* TO reader@'%'"]),
    )
    await using weak = await BackupChain.of(settingsFor(source, 'reader'))
    await weak.take('full')
    await run("INSERT INTO t (v) VALUES ('a')")
    const first = await weak.take('log')
    await run("INSERT INTO t (v) VALUES ('b')")
    const next = await weak.take('log')
    expect([first.promoted, next.promoted]).toEqual([null, null])
    expect(next.files[0]!.name.split('/').at(-1)).toBe(first.files[0]!.name.split('/').at(-1))
    expect(next.files[0]!.size).toBeGreaterThan(first.files[0]!.size)
    expect(entry(next).from).toEqual(entry(first).to)
    expect(first.files[0]!.attributes.ending).toBe('cut')
    await using target = { server: await startDatabase({ release }), [Symbol.asyncDispose]: () => target.server.stop() }
    await weak.restore(target.server)
    expect(await compareServers(source, target.server)).toEqual([])
  })

  describe('a log becomes a full, and the next log goes on from there,', () => {
    afterEach(async () => {
      await run('INSERT INTO shop.t (v) VALUES (1)')
      expect((await chain.take('log')).promoted).toBe(null)
    })

    test('when the server has deleted what the last backup ended in', async () => {
      await chain.take('full')
      await run('FLUSH BINARY LOGS')
      await purge()
      expect(await chain.take('log')).toMatchObject({ promoted: 'BINLOG_PURGED', plan: { kind: 'full' } })
    })

    test('when the logs began anew, though a file of that name is long enough again', async () => {
      await chain.take('full')
      const before = entry(await chain.take('log')).to
      await run(reset, 'FLUSH BINARY LOGS')
      while ((await lastLog()).slice(-10) < before.at.slice(4, 10)) await run('FLUSH BINARY LOGS')
      for (let i = 0; i < 5; i++) await run('FLUSH BINARY LOGS')
      const promoted = await chain.take('log')
      expect(promoted.promoted).toBe('BINLOG_RESET')
      expect(entry(promoted).to.stream).not.toBe(before.stream)
    })

    test('when the logs began anew and are short', async () => {
      await run('FLUSH BINARY LOGS', 'FLUSH BINARY LOGS')
      await chain.take('full')
      await run(reset)
      expect((await chain.take('log')).promoted).toBe('BINLOG_RESET')
    })

    test('when the last full could not read the log', async () => {
      await run("DROP USER IF EXISTS weak@'%'", "CREATE USER weak@'%' IDENTIFIED BY ''")
      await run("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS ON *.* TO weak@'%'")
      await run(`GRANT ${mariadb ? 'BINLOG MONITOR' : 'REPLICATION CLIENT, BACKUP_ADMIN'} ON *.* TO weak@'%'`)
      const weak = await BackupChain.of(settingsFor(source, 'weak'))
      const strong = chain
      try {
        await weak.take('full')
        const { plan, promoted } = await weak.take('log')
        expect(promoted).toBe('LOG_RIGHTS')
        expect(plan.promoted?.reason).toMatch(/GRANT REPLICATION SLAVE, .* ON \*\.\* TO `weak`@`%`/)
        strong.taken.push(...weak.taken.map(taken => ({ ...taken, folder: '' })))
        expect((await strong.take('log')).promoted).toBe('LOG_UNKNOWN')
      } finally {
        await weak[Symbol.asyncDispose]()
      }
    })

    test('when the server can no longer read a log that it listed', async () => {
      await chain.take('full')
      await run('INSERT INTO t (v) VALUES (1)', 'FLUSH BINARY LOGS')
      expect((await chain.take('log', { begun: purge })).promoted).toBe('BINLOG_PURGED')
    })
  })

  test('a server that is another one needs a full', async () => {
    await chain.take('full')
    const log = chain.taken[0]!.committed.units[0]!
    log.to = { ...log.to, stream: `another/${log.to.stream}` }
    expect((await chain.take('log')).promoted).toBe('IDENTITY_CHANGED')
  })

  if (mariadb)
    test('a log that holds statements needs a full, one that may hold some is worth a warning', async () => {
      await chain.take('full')
      await run("SET GLOBAL binlog_format = 'STATEMENT'")
      try {
        expect((await chain.take('log')).promoted).toBe('BINLOG_FORMAT')
        await run("SET GLOBAL binlog_format = 'MIXED'")
        const { promoted, warnings } = await chain.take('log')
        expect(promoted).toBe(null)
        expect(warnings).toEqual([expect.stringMatching(/^binlog-mixed: /)])
      } finally {
        await run("SET GLOBAL binlog_format = 'ROW'")
      }
    })

  test('a log that is closed by somebody else while it is read is still whole', async () => {
    await chain.take('full')
    await run("INSERT INTO t (v) VALUES (REPEAT('x', 3000000))")
    let rotated = 0
    const log = await chain.take('log', {
      onChunk: async () => {
        if (rotated++ < 3) await run("INSERT INTO t (v) VALUES ('y')", 'FLUSH BINARY LOGS')
      },
    })
    expect(rotated).toBeGreaterThan(1)
    for (const { name } of log.files) {
      const captured = await readFile(join(chain.directory, name))
      expect(captured.equals(await readFile(join(source.directory, 'data', name.split('/').at(-1)!)))).toBe(true)
    }
    expect(entry(await chain.take('log')).from).toEqual(entry(log).to)
  })

  test('a connection that is killed while a log is read fails the run, and the next one leaves no gap', async () => {
    const full = await chain.take('full')
    // More than what is on its way between a server and its reader.
    for (let i = 0; i < 5; i++) await run("INSERT INTO t (v) VALUES (REPEAT('x', 12000000))")
    const failure = await failureOf(
      chain.take('log', {
        // Again and again: the first that is found may be of an earlier file, which has been read.
        onChunk: async () => {
          const [threads] = (await connection.query('SHOW PROCESSLIST')) as any
          const readers = threads.filter(({ Command }: any) => /^Binlog Dump/.test(Command))
          for (const { Id } of readers)
            await connection.query(`KILL ${Id}`).catch(error => {
              // It may end meanwhile.
              if (error.code !== 'ER_NO_SUCH_THREAD') throw error
            })
        },
      }),
    )
    expect(failure).toMatch(/^mysql-connection-lost: The connection was lost while binlog\.\d+ was read/)
    const log = await chain.take('log')
    expect(log.promoted).toBe(null)
    expect(entry(log).from).toEqual(entry(full).to)
  })

  test('an abort ends a run that waits for its consumer, and leaves nobody reading on the server', async () => {
    await chain.take('full')
    await run("INSERT INTO t (v) VALUES (REPEAT('x', 12000000))")
    const abort = new AbortController()
    const stopped = chain.take('log', { signal: abort.signal, onChunk: async () => abort.abort(new Error('enough')) })
    expect(await failureOf(stopped)).toBe('Error: enough')
    for (let attempt = 0; ; attempt++) {
      const [threads] = (await connection.query('SHOW PROCESSLIST')) as any
      if (!threads.some(({ Command }: any) => /^Binlog Dump/.test(Command))) break
      expect(attempt).toBeLessThan(100)
      await sleep(50)
    }
  })

  test('a server that is killed and started again goes on in a new log, and the chain with it', async () => {
    const { directory, port } = source
    await chain.take('full')
    await run('INSERT INTO t (v) VALUES (1)')
    const first = await chain.take('log')
    await run('INSERT INTO t (v) VALUES (2)')
    const failure = await failureOf(chain.take('log', { begun: () => source.kill() }))
    expect(failure).toMatch(/^mysql-/)
    source = await startDatabase({ release, options, directory, port })
    connection = await source.connect('shop')
    await run('INSERT INTO t (v) VALUES (3)')
    const log = await chain.take('log')
    expect(log.promoted).toBe(null)
    expect(entry(log).from).toEqual(entry(first).to)
    await using target = { server: await startDatabase({ release }), [Symbol.asyncDispose]: () => target.server.stop() }
    await chain.restore(target.server)
    expect(await compareServers(source, target.server)).toEqual([])
  })
})
