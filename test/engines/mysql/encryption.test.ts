import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { placeOf } from '../../../scripts/setup/servers.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { failureOf, settingsFor } from './harness.ts'

/** MariaDB 11.8 is unpacked here without its plugin of keys. */
const releases: Release[] = ['mariadb-10.11', 'mysql-9.7']

describe.each(releases)('%s, with keys to encrypt what it writes,', release => {
  const isMysql = release.startsWith('mysql')
  let directory: string
  let source: Database
  let target: Database
  let connection: Connection

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'failsafe-keys-'))
    source = await (isMysql ? startMysql() : startMariadb())
    target = await startDatabase({ release })
    connection = await source.connect()
    await run(
      'CREATE DATABASE d',
      `CREATE TABLE d.secret (id INT PRIMARY KEY, t TEXT) ${isMysql ? "ENCRYPTION = 'Y'" : 'ENCRYPTED = YES'}`,
      "INSERT INTO d.secret VALUES (1, 'plain in the backup, which is sealed itself')",
    )
  })
  afterAll(async () => {
    await connection?.end()
    await Promise.all([source?.stop(), target?.stop()])
    await rm(directory, { recursive: true, force: true })
  })

  async function run(...statements: string[]): Promise<void> {
    for (const statement of statements) await connection.query(statement)
  }

  async function startMariadb(): Promise<Database> {
    const keys = join(directory, 'keys')
    await writeFile(keys, `1;${'a1'.repeat(32)}\n`)
    return startDatabase({
      release,
      options: {
        log_bin: 'binlog',
        binlog_format: 'ROW',
        plugin_load_add: 'file_key_management',
        file_key_management_filename: keys,
        encrypt_binlog: 'ON',
      },
    })
  }

  /** MySQL looks for what keeps its keys beside its own program, so this server runs from a place of its own. */
  async function startMysql(): Promise<Database> {
    const { tree } = placeOf('mysql-9.7')
    const program = join(directory, 'mysqld')
    const plugins = join(directory, 'plugins')
    await mkdir(plugins)
    const component = 'component_keyring_file'
    await copyFile(join(tree, 'usr/sbin/mysqld'), program)
    await copyFile(join(tree, `usr/lib/mysql/plugin/${component}.so`), join(plugins, `${component}.so`))
    await writeFile(join(directory, 'mysqld.my'), JSON.stringify({ components: `file://${component}` }))
    const keyring = { path: join(directory, 'keyring'), read_only: false }
    await writeFile(join(plugins, `${component}.cnf`), JSON.stringify(keyring))
    const starter = join(directory, 'start')
    const libraries = `${tree}/usr/lib/x86_64-linux-gnu:${tree}/usr/lib/mysql/private`
    await writeFile(
      starter,
      `#!/bin/sh\nexec "${tree}/usr/lib64/ld-linux-x86-64.so.2" --library-path "${libraries}" "${program}" "$@"\n`,
    )
    await chmod(starter, 0o755)
    return startDatabase({ release, program: starter, options: { log_bin: 'binlog', plugin_dir: plugins } })
  }

  test('an encrypted table is in the backup with its clause, and a target without keys refuses it by name', async () => {
    await using chain = await BackupChain.of(settingsFor(source))
    await chain.take('full')
    expect(await failureOf(chain.restore(target))).toMatch(
      /^restore-statement-refused: The target refuses statement \d+ of \S*d\.secret-schema\.sql: error (3185|1005): /,
    )
    await target.execute('DROP DATABASE d')
  })

  test('encrypted binary logs are not backed up as logs: each run is a full that says why, and is whole', async () => {
    await run('DROP TABLE d.secret', 'CREATE TABLE d.t (id INT PRIMARY KEY)')
    await using chain = await BackupChain.of(settingsFor(source))
    await chain.take('full')
    if (isMysql) await run('SET GLOBAL binlog_encryption = ON')
    await run('INSERT INTO d.t VALUES (1)')
    const { promoted, plan } = await chain.take('log')
    expect([promoted, plan.kind]).toEqual(['BINLOG_ENCRYPTED', 'full'])
    await chain.restore(target)
    expect(await compareServers(source, target)).toEqual([])
    await target.execute('DROP DATABASE d')
  })

  if (isMysql)
    test('once they are encrypted no more and those that were are gone, logs go on from the next full', async () => {
      await using chain = await BackupChain.of(settingsFor(source))
      await run('SET GLOBAL binlog_encryption = ON', 'SET GLOBAL binlog_encryption = OFF')
      await chain.take('full')
      expect((await chain.take('log')).promoted).toBe('BINLOG_ENCRYPTED')
      await run('FLUSH BINARY LOGS')
      const [logs] = (await connection.query('SHOW BINARY LOGS')) as any
      await run(`PURGE BINARY LOGS TO '${logs.at(-1).Log_name}'`)
      expect((await chain.take('log')).promoted).toBe('BINLOG_PURGED')
      await run('INSERT INTO d.t VALUES (2)')
      expect((await chain.take('log')).promoted).toBe(null)
      await chain.restore(target)
      expect(await compareServers(source, target)).toEqual([])
    })
})
