import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')
  let primary: Database
  let replica: Database

  beforeAll(async () => {
    const options = { log_bin: 'binlog', ...(isMysql ? {} : { binlog_format: 'ROW' }) }
    ;[primary, replica] = await Promise.all([
      startDatabase({ release, options }),
      startDatabase({
        release,
        options: { server_id: '2', ...(isMysql ? { super_read_only: 'ON' } : { read_only: 'ON' }) },
      }),
    ])
    await primary.execute(
      "CREATE USER copy@'127.0.0.1' IDENTIFIED BY 'x'",
      "GRANT REPLICATION SLAVE ON *.* TO copy@'127.0.0.1'",
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY)',
    )
    await replica.execute(
      isMysql
        ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${primary.port}, SOURCE_USER = 'copy', SOURCE_PASSWORD = 'x', SOURCE_LOG_FILE = 'binlog.000001', SOURCE_LOG_POS = 4, GET_SOURCE_PUBLIC_KEY = 1`
        : `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = 'copy', MASTER_PASSWORD = 'x', MASTER_LOG_FILE = 'binlog.000001', MASTER_LOG_POS = 4`,
      isMysql ? 'START REPLICA' : 'START SLAVE',
    )
  })
  afterAll(() => Promise.all([replica?.stop(), primary?.stop()]))

  async function ask(server: Database, statement: string): Promise<any> {
    const connection = await server.connect()
    try {
      const [[row]] = (await connection.query(statement)) as any
      return row
    } finally {
      await connection.end()
    }
  }

  /** Where the log of the first server ends, once the replica has carried out all of it. */
  async function caughtUp(): Promise<string> {
    const end = await ask(primary, isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
    for (let attempt = 0; ; attempt++) {
      const row = await ask(replica, isMysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS')
      if ((row.Exec_Source_Log_Pos ?? row.Exec_Master_Log_Pos) === end.Position) break
      if (attempt > 200) throw new Error(JSON.stringify(row))
      await sleep(50)
    }
    return `${end.File}:${end.Position}`
  }

  test('a read-only replica is backed up, with the place that it has got to in the log of its source', async () => {
    await primary.execute('INSERT INTO d.t VALUES (1), (2)')
    const place = await caughtUp()
    await using dumped = await dump(settingsFor(replica))
    expect(dumped.warnings).toEqual([])
    expect(dumped.units[0]!.info!.replicaOf).toBe(`127.0.0.1:${primary.port} ${place}`)
    const { runbook } = await mysql.restore(dumped.input, {
      signal: new AbortController().signal,
      concurrency: 1,
      warn: () => {},
      progress: () => {},
      now: () => new Date(),
    })
    expect(runbook).toContain(`up to: 127.0.0.1:${primary.port} ${place}`)
    const target = await startDatabase({ release })
    try {
      await applyTo(target, dumped)
      expect(await compareServers(replica, target)).toEqual([])
    } finally {
      await target.stop()
    }
  })

  test('one that has had nothing to do for a while is locked like any other server', async () => {
    await caughtUp()
    await sleep(3500)
    const locks = async () => Number((await ask(replica, "SHOW GLOBAL STATUS LIKE 'Com_lock_tables'")).Value)
    const before = await locks()
    await using dumped = await dump(settingsFor(replica))
    expect(dumped.units[0]!.info!.moment).toBe(isMysql ? 'instance-lock' : 'backup-stage')
    expect(await locks()).toBe(before)
  })

  test('a backup does not stop it: what comes meanwhile is carried out, and the place is that of the rows', async () => {
    const before = await caughtUp()
    let written = false
    await using dumped = await dump(settingsFor(replica), {
      async before({ role }) {
        if (written || role !== 'data') return
        written = true
        await primary.execute('INSERT INTO d.t VALUES (3)')
        await caughtUp()
      },
    })
    expect(dumped.units[0]!.info!.replicaOf).toBe(`127.0.0.1:${primary.port} ${before}`)
    expect(dumped.input.files.find(({ role }) => role === 'data')!.attributes.rows).toBe('2')
  })

  test('a server that is no replica names no such place', async () => {
    await using dumped = await dump(settingsFor(primary))
    expect(dumped.units[0]!.info).not.toHaveProperty('replicaOf')
  })
})
