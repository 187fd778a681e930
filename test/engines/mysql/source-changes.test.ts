import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** The server is started anew between two backups, as something else than it was. */
describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')
  const logging = { log_bin: 'binlog', ...(isMysql ? {} : { binlog_format: 'ROW' }) }
  let source: Database
  let chain: BackupChain

  async function begin(options: Record<string, string>): Promise<void> {
    source = await startDatabase({ release, options })
    await source.execute('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
    chain = await BackupChain.of(settingsFor(source))
  }
  async function startAgain(options: Record<string, string>, meanwhile = async () => {}): Promise<void> {
    const { directory, port } = source
    await source.kill()
    await meanwhile()
    source = await startDatabase({ release, directory, port, options })
  }
  afterEach(async () => {
    await source.stop()
    await rm(source.directory, { recursive: true, force: true }) // started again, it does not remove it itself
    await chain[Symbol.asyncDispose]()
  })

  async function expectRestored(): Promise<void> {
    const target = await startDatabase({ release })
    try {
      await chain.restore(target)
      expect(await compareServers(source, target)).toEqual([])
    } finally {
      await target.stop()
    }
  }

  test('without a binary log every run is a full and says why; once there is one, logs follow the next full', async () => {
    await begin({})
    const full = await chain.take('full')
    expect(full.committed.units[0]!.info).not.toHaveProperty('logFile')
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_OFF', plan: { kind: 'full' } })
    await startAgain(logging)
    expect((await chain.take('log')).promoted).toBe('IDENTITY_CHANGED')
    await source.execute('INSERT INTO d.t VALUES (2)')
    expect((await chain.take('log')).promoted).toBe(null)
    await expectRestored()
  })

  test('a server with another identity than before needs a full, and logs go on from there', async () => {
    await begin(logging)
    await chain.take('full')
    await source.execute('INSERT INTO d.t VALUES (2)')
    expect((await chain.take('log')).promoted).toBe(null)
    // MySQL makes itself a new server_uuid, as in a copy of a machine; MariaDB knows servers by their number.
    if (isMysql) await startAgain(logging, () => rm(join(source.directory, 'data/auto.cnf')))
    else await startAgain({ ...logging, server_id: '77' })
    await source.execute('INSERT INTO d.t VALUES (3)')
    expect((await chain.take('log')).promoted).toBe('IDENTITY_CHANGED')
    await source.execute('INSERT INTO d.t VALUES (4)')
    expect((await chain.take('log')).promoted).toBe(null)
    await expectRestored()
  })
})
