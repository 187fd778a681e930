import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { placeOf } from '../../../../scripts/setup/servers.ts'
import type { Moment } from '../../../../shared/planner/plan.ts'
import { mysql } from '../../../../uploader/engines/mysql/engine.ts'
import { differences } from '../../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../../support/database.ts'
import { watchFlushed } from '../../../support/flushed.ts'
import { runOk, run as runProgram } from '../../../support/run.ts'
import { BackupChain } from '../chain.ts'
import { failureOf } from '../harness.ts'
import {
  describe_,
  describeRestored,
  never,
  physicalSettings,
  programsOf,
  script,
  temporary,
  usePrograms,
} from './support.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8']

describe.each(releases)('%s', release => {
  let source: Database
  let chain: BackupChain
  let programs: Disposable

  beforeAll(async () => {
    programs = programsOf(release)
    source = await startDatabase({ release, options: { log_bin: 'binlog', binlog_format: 'ROW' } })
    await source.execute(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT) ENGINE=InnoDB',
      'INSERT INTO shop.orders SELECT seq, REPEAT(MD5(seq), 20) FROM shop.seq_1_to_20000',
      'CREATE TABLE shop.old (id INT PRIMARY KEY, note TEXT) ENGINE=MyISAM',
      "INSERT INTO shop.old VALUES (1, 'one')",
      'CREATE TABLE shop.aria (id INT PRIMARY KEY) ENGINE=Aria',
      'INSERT INTO shop.aria VALUES (1)',
    )
  })
  beforeEach(async () => {
    chain = await BackupChain.of(physicalSettings(source))
  })
  afterEach(() => chain[Symbol.asyncDispose]())
  afterAll(async () => {
    programs[Symbol.dispose]()
    await source?.stop()
  })

  /** As `failsafe restore --apply --target file:///…` would. */
  async function apply(directory: string, moment: Moment, stop: { at?: string } = {}) {
    const warnings: string[] = []
    const report = await mysql.restore(
      { ...chain.input(moment), ...stop, apply: { target: `file://${directory}` } },
      {
        signal: never(),
        concurrency: 2,
        warn: code => warnings.push(code),
        progress: () => {},
        now: () => new Date(),
      },
    )
    return { ...report, warnings }
  }

  test('a full and a differential on it are each the server of their moment', async () => {
    const before = await describe_(source)
    const full = await chain.take('full')
    expect(full).toMatchObject({ promoted: null, warnings: [], plan: { kind: 'full' } })
    await source.execute(
      'UPDATE shop.orders SET note = "changed" WHERE id % 100 = 0',
      'ALTER TABLE shop.orders ADD COLUMN more INT DEFAULT 7',
      'INSERT INTO shop.old VALUES (2, "two")',
      'DROP TABLE shop.aria',
      'CREATE DATABASE `büro " x`',
      'CREATE TABLE `büro " x`.`tä ble` (a INT PRIMARY KEY, b BLOB)',
      'INSERT INTO `büro " x`.`tä ble` VALUES (1, 0x00FF)',
      'CREATE VIEW shop.few AS SELECT id FROM shop.orders WHERE id < 5',
      'CREATE PROCEDURE shop.p() SELECT 1',
      "CREATE USER clerk@localhost IDENTIFIED BY 'secret'",
      'GRANT SELECT ON shop.* TO clerk@localhost',
    )
    const after = await describe_(source)
    const differential = await chain.take('differential')
    expect(differential).toMatchObject({ promoted: null, warnings: [], plan: { kind: 'differential' } })
    expect(differential.committed.units[0]).toMatchObject({
      kind: 'differential',
      base: full.committed.snapshot,
      from: full.committed.units[0]!.to,
    })
    await source.execute('INSERT INTO shop.old VALUES (3, "three")')
    const later = await describe_(source)
    const second = await chain.take('differential')
    expect(second.committed.units[0]).toMatchObject({ kind: 'differential', base: full.committed.snapshot })
    const size = ({ files }: typeof full) => files.reduce((sum, file) => sum + file.size, 0)
    expect(size(second)).toBeLessThan(size(full))
    for (const [taken, state] of [
      [full, before],
      [differential, after],
      [second, later],
    ] as const) {
      await using folder = await temporary()
      const report = await apply(join(folder.path, 'data'), { kind: 'snapshot', snapshot: taken.committed.snapshot })
      expect(report).toMatchObject({ applied: true, warnings: [] })
      expect(differences(state, await describeRestored(release, folder.path))).toEqual([])
    }
    await source.execute(
      'DROP DATABASE `büro " x`',
      'DROP USER clerk@localhost',
      'DROP VIEW shop.few',
      'DROP PROCEDURE shop.p',
    )
  }, 120_000)

  test('an XA transaction that was prepared at its moment is in it, and the log that ends it is of use', async () => {
    const transaction = await source.connect('shop')
    for (const statement of [
      "XA START 'paid'",
      "INSERT INTO orders (id, note) VALUES (500000, 'paid')",
      "XA END 'paid'",
      "XA PREPARE 'paid'",
    ])
      await transaction.query(statement)
    const full = await chain.take('full')
    await transaction.query("XA COMMIT 'paid'")
    await chain.take('log')
    await transaction.end()
    await using folder = await temporary()
    const { runbook, warnings } = await apply(join(folder.path, 'data'), { kind: 'latest' })
    expect(warnings).toEqual(['logs-not-replayed'])
    expect(runbook).toContain(`--start-position=${full.committed.units[0]!.info!.logOffset} `)
    const restored = await startDatabase({ release, directory: folder.path })
    try {
      const connection = await restored.connect()
      const [prepared] = (await connection.query('XA RECOVER')) as any
      expect(prepared.map(({ data }: { data: unknown }) => String(data))).toEqual(['paid'])
      await connection.query("XA COMMIT 'paid'")
      const [rows] = await connection.query('SELECT note FROM shop.orders WHERE id = 500000')
      expect(rows).toEqual([{ note: 'paid' }])
      await connection.end()
    } finally {
      await restored.stop()
      await source.execute('DELETE FROM shop.orders WHERE id = 500000')
    }
  }, 60_000)

  test('a part of it is no data directory', async () => {
    await chain.take('full')
    await using folder = await temporary()
    const input = chain.input({ kind: 'latest' })
    const part = { ...input, only: '*_info', files: input.files.filter(({ name }) => name.endsWith('_info')) }
    const target = { apply: { target: `file://${join(folder.path, 'data')}` } }
    const context = { signal: never(), concurrency: 1, warn: () => {}, progress: () => {}, now: () => new Date() }
    expect(await failureOf(mysql.restore({ ...part, ...target }, context))).toMatch(/^restore-part: .*Leave out --only/)
  })

  test('writes that go on all the time leave a copy of one moment', async () => {
    await source.execute(
      'CREATE OR REPLACE TABLE shop.a (id INT AUTO_INCREMENT PRIMARY KEY)',
      'CREATE OR REPLACE TABLE shop.b (id INT PRIMARY KEY)',
    )
    const writer = await source.connect('shop')
    let writing = true
    let written = 0
    const writes = (async () => {
      for (; writing; written++) {
        await writer.query('BEGIN')
        const [{ insertId }] = (await writer.query('INSERT INTO a () VALUES ()')) as any
        await writer.query(`INSERT INTO b VALUES (${insertId})`)
        await writer.query('COMMIT')
      }
    })()
    try {
      await chain.take('full')
      const atFull = written
      await chain.take('differential')
      expect(written).toBeGreaterThan(atFull)
    } finally {
      writing = false
      await writes
      await writer.end()
    }
    await using folder = await temporary()
    await apply(join(folder.path, 'data'), { kind: 'latest' })
    const restored = await startDatabase({ release, directory: folder.path })
    try {
      const reading = await restored.connect('shop')
      const [[counts]] = (await reading.query('SELECT (SELECT COUNT(*) FROM a) a, (SELECT COUNT(*) FROM b) b')) as any
      await reading.end()
      expect(counts.a).toBeGreaterThan(0)
      expect(counts.a).toBe(counts.b)
    } finally {
      await restored.stop()
    }
  }, 120_000)

  test('the commands of the runbook, run word for word, lead to a moment in the binary logs after a differential', async () => {
    await chain.take('full')
    await source.execute('CREATE OR REPLACE TABLE shop.n (id INT PRIMARY KEY)', 'INSERT INTO shop.n VALUES (1)')
    await chain.take('differential')
    await source.execute('INSERT INTO shop.n VALUES (2)', 'CREATE OR REPLACE TABLE shop.m (id INT)')
    await chain.take('log')
    await source.execute('INSERT INTO shop.n VALUES (3)')
    await nextSecond()
    const [state, at] = [await describe_(source), new Date().toISOString()]
    await nextSecond()
    await source.execute('DROP TABLE shop.n')
    await chain.take('log')

    const { runbook } = await chain.restore(null, { kind: 'at', at })
    const [unpack, , replay] = [...runbook.matchAll(/```sh\n(.*?)```/gs)].map(([, commands]) => commands!)
    await using folder = await temporary()
    const data = join(folder.path, 'data')
    await runOk('bash', ['-eo', 'pipefail', '-c', unpack!], {
      cwd: chain.directory,
      env: { ...process.env, prepared: data },
    })
    const target = await startDatabase({ release, directory: folder.path })
    try {
      await writeFile(
        join(folder.path, '.my.cnf'),
        `[client]\nprotocol=tcp\nhost=127.0.0.1\nport=${target.port}\nuser=root\nskip-ssl\n`,
      )
      const path = release === 'mariadb-10.11' ? '' : `${placeOf(release).bin}:`
      const done = await runProgram('bash', ['-eo', 'pipefail', '-c', replay!], {
        cwd: chain.directory,
        env: { ...process.env, HOME: folder.path, PATH: `${path}${process.env.PATH}` },
      })
      expect(done.code, done.stderr).toBe(0)
      expect(differences(state, await describe_(target))).toEqual([])
    } finally {
      await target.stop()
    }

    await using applied = await temporary()
    const report = await apply(join(applied.path, 'data'), { kind: 'at', at }, { at })
    expect(report.warnings).toEqual(['logs-not-replayed'])
  }, 120_000)

  test('a physical full goes on in the log history of a logical one, and the other way round', async () => {
    const logical = await BackupChain.of(mysql.settings.parse({ connection: { port: source.port, user: 'root' } }))
    await using _ = logical
    await logical.take('full')
    await source.execute('INSERT INTO shop.old VALUES (77, "x")')
    chain.taken.push(...logical.taken)
    const full = await chain.take('full')
    expect(full.committed.units[0]!.to.stream).toBe(logical.taken[0]!.committed.units[0]!.to.stream)
    expect((await chain.take('log')).promoted).toBeNull()
    await source.execute('DELETE FROM shop.old WHERE id = 77')
  })
})

const nextSecond = () => sleep(1100 - (Date.now() % 1000))

describe('a restore that cannot be', () => {
  let source: Database
  let chain: BackupChain

  beforeAll(async () => {
    source = await startDatabase()
    await source.execute(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT)',
      'INSERT INTO shop.orders SELECT seq, REPEAT(MD5(seq), 20) FROM shop.seq_1_to_5000',
    )
    chain = await BackupChain.of(physicalSettings(source))
    await chain.take('full')
    await chain.take('differential')
  })
  afterAll(async () => {
    await chain?.[Symbol.asyncDispose]()
    await source?.stop()
  })

  const applying = (target: string, signal = never()) =>
    mysql.restore(
      { ...chain.input({ kind: 'latest' }), apply: { target } },
      { signal, concurrency: 2, warn: () => {}, progress: () => {}, now: () => new Date() },
    )

  test('without a binary log there is a differential all the same', () => {
    expect(chain.taken.map(({ plan }) => plan.kind)).toEqual(['full', 'differential'])
  })

  test('into a running server is refused, with the way that works', async () => {
    expect(await failureOf(applying(`mysql://root@127.0.0.1:${source.port}`))).toMatch(
      /^restore-target: .*a running server does not take\. Give it as file:\/\/\/var\/lib\/mysql\.restored/,
    )
    for (const target of ['file://host/x', 'file:///', '/var/lib/mysql', 'file:///x?y=1'])
      expect(await failureOf(applying(target))).toMatch(/^restore-target: /)
  })

  test('a directory with something in it is left as it is', async () => {
    await using folder = await temporary()
    await writeFile(join(folder.path, 'ibdata1'), 'precious')
    expect(await failureOf(applying(`file://${folder.path}`))).toMatch(/^restore-target-not-empty: .*there is ibdata1/)
    expect(await readdir(folder.path)).toEqual(['ibdata1'])
  })

  test('a program that is missing is named before anything is made', async () => {
    await using folder = await temporary()
    const target = join(folder.path, 'new', 'data')
    const before = process.env.PATH
    process.env.PATH = folder.path
    try {
      expect(await failureOf(applying(`file://${target}`))).toMatch(
        /^mysql-physical-program-missing: The program mariadb-backup cannot be run.*Install it for MariaDB 10\.11/,
      )
      await script(folder.path, 'mariadb-backup', 'echo "based on MariaDB server 10.11.1-MariaDB"')
      expect(await failureOf(applying(`file://${target}`))).toMatch(
        /^mysql-physical-program-missing: The program mbstream .*RESTORE\.md/,
      )
    } finally {
      process.env.PATH = before
    }
    expect(await readdir(folder.path)).toEqual(['mariadb-backup'])
  })

  test('a program of another version is refused', async () => {
    using _ = usePrograms(placeOf('mariadb-11.8').bin)
    await using folder = await temporary()
    expect(await failureOf(applying(`file://${folder.path}/data`))).toMatch(
      /^mysql-physical-program-version: .*does not fit MariaDB 10\.11: it is of MariaDB 11\.8/,
    )
  })

  test('a power cut after a restore takes nothing of what was laid out', async () => {
    await using folder = await temporary()
    const target = join(folder.path, 'new/data')
    using flushed = await watchFlushed()
    await applying(`file://${target}`)
    const entries = await readdir(target, { recursive: true, withFileTypes: true })
    expect(entries.length).toBeGreaterThan(10)
    // Flushed where they came into being, and moved afterwards.
    const names = [...flushed.paths].map(path => path.replace(/\.failsafe-partial-\w+\/files\/?/, ''))
    for (const entry of entries) expect(names).toContain(join(entry.parentPath, entry.name))
    expect([...flushed.paths]).toEqual(expect.arrayContaining([target, join(folder.path, 'new'), folder.path]))
  })

  test('a target that fills up while it is unpacked or prepared is as empty as before', async () => {
    await using folder = await temporary()
    const limited = (program: string, blocks: number) =>
      script(folder.path, program, `ulimit -f ${blocks}; trap '' XFSZ; exec /usr/bin/${program} "$@"`)
    const target = join(folder.path, 'target')
    await mkdir(target)
    using _ = usePrograms(folder.path)
    await limited('mbstream', 100)
    expect(await failureOf(applying(`file://${target}`))).toMatch(/^restore-not-unpacked: .*File too large.*needs room/)
    expect(await readdir(target)).toEqual([])
    await script(folder.path, 'mbstream', 'exec /usr/bin/mbstream "$@"')
    await limited('mariadb-backup', 100)
    expect(await failureOf(applying(`file://${target}`))).toMatch(
      /^restore-not-prepared: .*mariadb-backup ended with SIGKILL.*IO Error/,
    )
    expect(await readdir(target)).toEqual([])
  })

  test('an abort leaves nothing in the target and no program running', async () => {
    await using folder = await temporary()
    await script(folder.path, 'mbstream', `touch ${folder.path}/begun; sleep 60`)
    using _ = usePrograms(folder.path)
    const abort = new AbortController()
    const restoring = failureOf(applying(`file://${folder.path}/target`, abort.signal))
    await expect.poll(() => readdir(folder.path)).toContain('begun')
    abort.abort(new Error('enough'))
    expect(await restoring).toContain('enough')
    expect((await readdir(folder.path)).sort()).toEqual(['begun', 'mbstream'])
  })

  test('a part of the files gets no commands that could not work', async () => {
    const input = chain.input({ kind: 'latest' })
    const files = input.files.filter(({ name }) => name.endsWith('xtrabackup_info'))
    const { runbook } = await mysql.restore(
      { ...input, files },
      { signal: never(), concurrency: 2, warn: () => {}, progress: () => {}, now: () => new Date() },
    )
    expect(runbook).toContain('restore again without --only')
    expect(runbook).not.toContain('```')
  })
})
