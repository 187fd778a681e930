import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeServer, differences, type ServerDescription } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { run } from '../../support/run.ts'
import { applyTo, type Dumped, dump, failureOf, loadWithClient, scriptsOf, settingsFor } from './harness.ts'
import { oddDatabases } from './nasty/names.ts'
import { quote } from './nasty/nasty.ts'
import { makeNasty } from './nasty.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const isMysql = (release: Release) => release.startsWith('mysql')

/** No server would create these views: they refer to what is gone. Their text is kept, and a warning says so. */
const unusable = ['view shop.invalid_one: missing', 'view shop.unusable_one: missing']
/** Which transaction made a row has no meaning on another server. */
const sinceWhich = expect.stringMatching(/^rows shop\.versioned_transactions:\n {2}2 /)
const different = (release: Release) => (isMysql(release) ? unusable : [sinceWhich, ...unusable])

/** What MySQL says to definitions that it takes all the same. */
const warned = (release: Release) =>
  isMysql(release)
    ? [/shop-schema-create\.sql/, /spatial index on column 'p'/, /shop-schema-post\.sql/].map(text =>
        expect.stringMatching(text),
      )
    : []

async function describeIt(server: Database): Promise<ServerDescription> {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}

/** SHA-256 of each artefact but those of views that no server can make again. */
async function hashesOf(dumped: Dumped): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {}
  for (const { name } of scriptsOf(dumped)) {
    const bytes = await readFile(join(dumped.directory, name))
    if (!bytes.includes(' could not be used when it was backed up.'))
      hashes[name] = createHash('sha256').update(bytes).digest('hex')
  }
  return hashes
}

describe.each(releases)('%s', release => {
  let source: Database
  let dumped: Dumped
  let expected: ServerDescription
  /** What makes a target able to take all of it. */
  const able = { max_allowed_packet: '1G', ...(isMysql(release) && { partial_revokes: 'ON' }) }

  beforeAll(async () => {
    source = await startDatabase({ release, options: { log_bin: 'binlog', max_allowed_packet: '1G' } })
    const connection = await source.connect()
    const [[is]] = (await connection.query('SELECT VERSION() AS version')) as any
    console.log(`${release}: ${is.version}`)
    await makeNasty(connection, release)
    expected = await describeServer(connection)
    await connection.end()
    // Small ranges, so that even tables of a megabyte are cut.
    dumped = await dump(settingsFor(source), { rangeBytes: 300_000 })
  })
  afterAll(async () => {
    await dumped?.[Symbol.asyncDispose]()
    await source?.stop()
  })

  test('a server full of what dump programs get wrong is the same after --apply', async () => {
    const target = await startDatabase({ release, options: { ...able, event_scheduler: 'ON' } })
    try {
      const report = await applyTo(target, dumped)
      expect(report.applied).toBe(true)
      expect(report.warnings).toEqual(warned(release))
      expect(differences(expected, await describeIt(target)).sort()).toEqual(different(release))
      // Where a large table is cut depends on estimates; uncut, each artefact of the restored server is the source's to the byte.
      await using first = await dump(settingsFor(source))
      await using second = await dump(settingsFor(target))
      expect(await hashesOf(second)).toEqual(await hashesOf(first))
    } finally {
      await target.stop()
    }
  })

  test('the stock client loads the same files in order, with the same result', async () => {
    const target = await startDatabase({ release, options: able })
    try {
      await loadWithClient(target, dumped)
      expect(differences(expected, await describeIt(target)).sort()).toEqual(different(release))
    } finally {
      await target.stop()
    }
  })

  test('myloader loads what the documentation says, names each file that it does not, and the client loads those', async () => {
    const target = await startDatabase({ release, options: able })
    try {
      const { runbook } = await import('../../../uploader/engines/mysql/restore/runbook.ts')
      const strangers = /whose files begin with (.*): drop/.exec(runbook(dumped.input))![1]!.slice(1, -1).split('`, `')
      const isStranger = (name: string) =>
        strangers.some(start => /^[.-]/.test(name.slice(start.length)) && name.startsWith(start))
      const scripts = scriptsOf(dumped)
      const ofServer = scripts.filter(({ name }) => name.startsWith('server/'))
      const delimited: typeof scripts = []
      for (const script of scripts)
        if (/^DELIMITER/m.test(await readFile(join(dumped.directory, script.name), 'latin1'))) delimited.push(script)

      await loadWithClient(target, dumped, ofServer.slice(0, -1))
      const { code, stderr } = await run(
        'myloader',
        [...['--directory', dumped.directory, '--socket', target.socket, '--user', 'root']],
        { env: { LC_ALL: 'C.UTF-8' } },
      )
      expect(code).toBe(1)
      const named = [...stderr.matchAll(/from file ([^:]+):/g)].map(([, name]) => name!)
      const expectedNames = delimited
        .map(({ name }) => name)
        .filter(name => !isStranger(name) && !name.startsWith('server/'))
      expect(expectedNames.length).toBeGreaterThan(0)
      expect([...new Set(named)].filter(name => !isStranger(name)).sort()).toEqual(expectedNames.sort())

      await target.execute(...oddDatabases.map(name => `DROP DATABASE IF EXISTS ${quote(name)}`))
      const rest = scripts.filter(
        script => isStranger(script.name) || delimited.includes(script) || script === ofServer.at(-1),
      )
      await loadWithClient(target, dumped, rest)
      expect(differences(expected, await describeIt(target)).sort()).toEqual(different(release))
    } finally {
      await target.stop()
    }
  })

  test('a second restore into the same server is refused before anything is changed', async () => {
    const target = await startDatabase({ release, options: able })
    try {
      await target.execute('CREATE DATABASE shop', 'CREATE TABLE shop.mine (id INT)')
      const before = await describeIt(target)
      expect(await failureOf(applyTo(target, dumped))).toMatch(/restore-target-not-empty: .*`shop`.*another server/)
      expect(differences(before, await describeIt(target))).toEqual([])
    } finally {
      await target.stop()
    }
  })

  test('a row longer than the target takes is found before anything is changed, with its table and the setting', async () => {
    const target = await startDatabase({ release, options: { ...able, max_allowed_packet: '16M' } })
    try {
      const before = await describeIt(target)
      expect(await failureOf(applyTo(target, dumped))).toMatch(
        /restore-target-packet: .*`large`.`big_rows`.*SET GLOBAL max_allowed_packet = \d+/,
      )
      expect(differences(before, await describeIt(target))).toEqual([])
    } finally {
      await target.stop()
    }
  })

  test('names that differ in case only are refused by a target that cannot tell them apart', async () => {
    const target = await startDatabase({ release, options: { ...able, lower_case_table_names: '1' } })
    try {
      expect(await failureOf(applyTo(target, dumped))).toMatch(
        /restore-target-names: .*[Cc]ase.*lower_case_table_names/,
      )
    } finally {
      await target.stop()
    }
  })

  test('large tables are cut into ranges by keys of every kind, and a table without one is read in one go', () => {
    const parts = new Map<string, number>()
    for (const { attributes } of dumped.input.files)
      if (attributes.stage === 'rows' && attributes.database === 'large')
        parts.set(attributes.table!, (parts.get(attributes.table!) ?? 0) + 1)
    expect(parts.get('keyless')).toBe(1)
    for (const table of [
      ...(isMysql(release) ? [] : ['uuid_keys']),
      'gaps',
      'big_unsigned',
      'negative',
      'composite',
      'strings',
      'binaries',
      'unique_only',
    ])
      expect([table, parts.get(table)! > 3 && parts.get(table)! < 30]).toEqual([table, true])
  })

  test('ranges are of a size, also where the numbers of a key leave gaps', () => {
    const rows = dumped.input.files
      .filter(({ attributes }) => attributes.stage === 'rows' && attributes.table === 'gaps')
      .map(({ attributes }) => Number(attributes.rows))
    expect(rows.reduce((a, b) => a + b, 0)).toBe(6000)
    expect(Math.max(...rows)).toBeLessThan(3000)
  })

  test('the unit tells the position of the binary log at the moment, and the steps were announced in order', async () => {
    const [unit] = dumped.units
    expect(unit).toMatchObject({
      unit: 'server',
      kind: 'full',
      base: null,
      info: { moment: isMysql(release) ? 'instance-lock' : 'backup-stage' },
    })
    expect(unit!.to.at).toMatch(/^\d{10}:\d{12}$/)
    expect(unit!.from).toEqual(unit!.to)
    expect(unit!.to.stream).toMatch(
      isMysql(release) ? /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/binlog/ : /^mariadb-1-[0-9a-f]{16}\/binlog/,
    )
    expect(dumped.steps).toEqual([1, 2, 3, 4, 5])
  })

  test('what cannot be exact is said: tables of other engines, former rows, views that nobody can use', () => {
    expect(dumped.warnings.map(warning => warning.split(':')[0])).toEqual([
      'view-invalid',
      'view-invalid',
      'tables-not-transactional',
      isMysql(release) ? 'not-backed-up' : 'history-not-backed-up',
    ])
    expect(dumped.warnings.at(-1)).toMatch(
      isMysql(release)
        ? /second passwords of accounts.* `two@%`$/
        : /^history-not-backed-up: `shop`\.`versioned_transactions`: only their current rows/,
    )
  })

  test('every file stands alone and ends with its own end marker', async () => {
    for (const { name, attributes } of scriptsOf(dumped)) {
      const bytes = await readFile(`${dumped.directory}/${name}`)
      expect(bytes.subarray(0, 200).toString()).toMatch(
        /^-- FailSafe Online Backup: [^\n]*\nSET NAMES utf8mb4;\nSET SESSION/,
      )
      expect(bytes.subarray(-200).toString()).toMatch(
        /\n-- failsafe: complete; statements \d+; rows \d+; largest statement \d+\n$/,
      )
      if (attributes.stage === 'rows') expect(attributes).toHaveProperty('largestStatement')
    }
  })

  test('the patterns of RESTORE.md name each file exactly once, in the order of the index', async () => {
    const entries = await readdir(dumped.directory, { recursive: true, withFileTypes: true })
    expect(entries.filter(entry => entry.isFile())).toHaveLength(dumped.input.files.length)
    const { runbook } = await import('../../../uploader/engines/mysql/restore/runbook.ts')
    const [commands] = /```sh\n.*?```/s.exec(runbook(dumped.input))!
    const patterns = [...commands.matchAll(/^load (\S+)/gm)].map(([, pattern]) => pattern!)
    const named = patterns.flatMap(pattern => {
      const regular = new RegExp(
        `^${pattern.replace(/[.%]/g, '\\$&').replaceAll('*', '[^/]*').replaceAll('[!', '[^')}$`,
      )
      return scriptsOf(dumped)
        .filter(({ name }) => regular.test(name))
        .map(({ name }) => name)
    })
    expect(named.sort()).toEqual(
      scriptsOf(dumped)
        .map(({ name }) => name)
        .sort(),
    )
    const stages = dumped.input.files.map(({ attributes }) => attributes.stage!)
    expect([...new Set(stages)]).toEqual(stages.filter((stage, i) => stage !== stages[i - 1]))
  })
})
