import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { describeServer, type ServerDescription } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { applyTo, choosing, type Dumped, dump, failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mysql-9.7']
const choice = { include: ['shop', 'log.2026_*', '`dotted.name`'], exclude: ['*.tmp_*', 'scratch', 'crm'] }

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  let source: Database

  beforeAll(async () => {
    source = await startDatabase({ release, options: { log_bin: 'binlog' } })
    const key = 'id INT PRIMARY KEY'
    await source.execute(
      'CREATE DATABASE shop',
      'CREATE DATABASE crm',
      'CREATE DATABASE log',
      'CREATE DATABASE `dotted.name`',
      'CREATE DATABASE scratch',
      `CREATE TABLE crm.clients (${key})`,
      'CREATE FUNCTION crm.one() RETURNS INT DETERMINISTIC RETURN 1',
      `CREATE TABLE shop.orders (${key}, client INT)`,
      `CREATE TABLE shop.tmp_orders (${key})`,
      'CREATE TRIGGER shop.tmp BEFORE INSERT ON shop.tmp_orders FOR EACH ROW SET NEW.id = 1',
      'CREATE TRIGGER shop.kept BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.id = NEW.id',
      'CREATE VIEW shop.recent AS SELECT id FROM shop.orders',
      'CREATE VIEW shop.tmp_view AS SELECT id FROM shop.orders',
      'CREATE PROCEDURE shop.count_them() SELECT COUNT(*) FROM shop.orders',
      'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.orders',
      `CREATE TABLE log.2026_01 (${key})`,
      `CREATE TABLE log.2025_12 (${key})`,
      'CREATE TRIGGER log.kept BEFORE INSERT ON log.2026_01 FOR EACH ROW SET NEW.id = NEW.id',
      'CREATE TRIGGER log.gone BEFORE INSERT ON log.2025_12 FOR EACH ROW SET NEW.id = NEW.id',
      'CREATE PROCEDURE log.turn() SELECT 1',
      'CREATE EVENT log.turning ON SCHEDULE EVERY 1 DAY DO SET @x = 1',
      `CREATE TABLE \`dotted.name\`.\`a.b\` (${key})`,
      'INSERT INTO shop.orders VALUES (1, 1), (2, 2)',
      'INSERT INTO log.2026_01 VALUES (3)',
      'INSERT INTO crm.clients VALUES (1)',
      "CREATE USER app@'%'",
      "GRANT SELECT ON shop.* TO app@'%'",
      ...(mariadb ? ['CREATE SEQUENCE shop.numbers', 'CREATE SEQUENCE shop.tmp_numbers'] : []),
    )
  })
  afterAll(async () => {
    await source?.stop()
  })

  /** What stands for a chosen object in the description of a server. */
  const chosen = [
    ...['database shop', 'database log', 'database dotted.name'],
    ...['shop.orders', 'shop.recent', 'shop.kept', 'shop.count_them', 'shop.nightly', 'shop.numbers'],
    ...['log.2026_01', 'log.kept', 'dotted.name.a.b'],
  ]
  function onlyChosen(description: ServerDescription): [string, string][] {
    const left = ['crm', 'scratch', 'tmp', '2025', 'log.turn', 'log.gone'].map(part => part.toLowerCase())
    return [...description].filter(([key]) => !left.some(part => key.toLowerCase().includes(part))).sort()
  }
  async function described(server: Database): Promise<ServerDescription> {
    const connection = await server.connect()
    try {
      return await describeServer(connection)
    } finally {
      await connection.end()
    }
  }

  test('what is chosen comes back as it was, and nothing else, and the entry of the full says what was chosen', async () => {
    await using dumped = await dump(choosing(source, choice))
    expect(dumped.warnings).toEqual([])
    expect(await readFile(join(dumped.directory, 'server/accounts.sql'), 'utf8')).toMatch(
      /^CREATE USER IF NOT EXISTS .app.@/m,
    )
    expect(JSON.parse(dumped.units[0]!.info!.selection!)).toEqual(choice)
    const target = await startDatabase({ release })
    try {
      await applyTo(target, dumped)
      const [expected, found] = [await described(source), await described(target)]
      expect([...found].sort()).toEqual(onlyChosen(expected))
      for (const object of mariadb ? chosen : chosen.filter(name => name !== 'shop.numbers'))
        expect(
          [...found.keys()].some(key => key.endsWith(object)),
          object,
        ).toBe(true)
    } finally {
      await target.stop()
    }
  })

  test('without a choice nothing is said and nothing is left out', async () => {
    await using dumped = await dump(settingsFor(source))
    expect(dumped.units[0]!.info!.selection).toBeUndefined()
    expect(tablesOf(dumped)).toEqual(expect.arrayContaining(['crm.clients', 'log.2025_12', 'shop.tmp_orders']))
  })

  test('a pattern that matches nothing is warned of by its name', async () => {
    await using dumped = await dump(choosing(source, { include: ['shop', 'shopp', 'log.2027_*'], exclude: ['mysql'] }))
    expect(dumped.warnings).toEqual(
      ['shopp', 'log.2027_*', 'mysql'].map(pattern =>
        expect.stringContaining(`selection-matches-nothing: the pattern "${pattern}" matches nothing`),
      ),
    )
    expect(dumped.input.files.some(({ name }) => name === 'log-schema-create.sql')).toBe(true)
  })

  test('only what is chosen counts for the bytes that are expected', async () => {
    await source.execute('CREATE TABLE crm.large (t LONGTEXT)', "INSERT INTO crm.large VALUES (REPEAT('x', 5000000))")
    await source.execute('ANALYZE TABLE crm.large')
    const bytes = async (settings: ReturnType<typeof settingsFor>) =>
      (await mysql.inspect(settings, new AbortController().signal)).dataBytes
    expect(await bytes(settingsFor(source))).toBeGreaterThan(5_000_000)
    expect(await bytes(choosing(source, { include: ['shop'] }))).toBeLessThan(1_000_000)
    await source.execute('DROP TABLE crm.large')
  })

  test('another choice than that of the last full is said, in a log and in the next full, and then no more', async () => {
    const chain = await BackupChain.of(settingsFor(source))
    await chain.take('full')
    await using changed = await BackupChain.of(choosing(source, { include: ['shop'] }))
    changed.taken.push(...chain.taken)
    const said = async (kind: 'full' | 'log') => {
      const { warnings, plan } = await changed.take(kind)
      expect(plan.kind).toBe(kind)
      return warnings.filter(warning => warning.startsWith('selection-changed'))
    }
    expect(await said('log')).toEqual([
      expect.stringMatching(
        /made of everything, what is chosen now is \{"include":\["shop"\],"exclude":\[\]\}; .*take a full/,
      ),
    ])
    expect(await said('full')).toEqual([expect.stringMatching(/made of everything, what is chosen now is \{"include"/)])
    expect(await said('log')).toEqual([])
    expect(await said('full')).toEqual([])
  })

  test('what reaches outside of the choice is named, and the rest is restored without it', async () => {
    await source.execute(
      'CREATE TABLE crm.audit (t TEXT)',
      `CREATE TABLE shop.contracts (id INT PRIMARY KEY, client INT, FOREIGN KEY (client) REFERENCES crm.clients (id))`,
      'CREATE VIEW shop.who AS SELECT c.id FROM crm.clients c',
      'CREATE VIEW shop.who_again AS SELECT id FROM shop.who',
      'CREATE VIEW shop.calls AS SELECT crm.one() AS n',
      'CREATE TRIGGER shop.audited AFTER INSERT ON shop.contracts FOR EACH ROW INSERT INTO `crm`.audit VALUES ("FROM crm.x")',
      'CREATE PROCEDURE shop.clean() DELETE FROM tmp_orders',
      'CREATE FUNCTION shop.of_tmp() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM shop.tmp_orders)',
      'CREATE VIEW shop.by_function AS SELECT shop.of_tmp() AS n',
      'CREATE EVENT shop.cleaning ON SCHEDULE EVERY 1 DAY DO CALL crm.one()',
    )
    const target = await startDatabase({ release })
    try {
      await using dumped = await dump(choosing(source, choice))
      const [warning, ...more] = dumped.warnings
      expect(more).toEqual([])
      expect(warning).toMatch(/^selection-reaches-outside: /)
      for (const part of [
        'a foreign key of `shop`.`contracts` (`crm`.`clients`)',
        'a trigger of `shop`.`contracts` (`crm`.`audit`)',
        'a routine of `shop` (`shop`.`tmp_orders`)',
        'an event of `shop` (`crm`.`one`)',
        'the view `shop`.`who` (`crm`.`clients`)',
        'the view `shop`.`who_again` (`shop`.`who`)',
        'the view `shop`.`calls` (`crm`.`one`)',
      ])
        expect(warning).toContain(part)
      expect(warning).not.toContain('recent')
      const { warnings } = await applyTo(target, dumped)
      expect(warnings).toEqual([])
      const found = [...(await described(target)).keys()]
      expect(found.filter(key => /who|calls/.test(key))).toEqual([])
      for (const name of ['contracts', 'recent', 'clean', 'cleaning', 'audited'])
        expect(
          found.some(key => key.endsWith(`shop.${name}`)),
          name,
        ).toBe(true)
      expect(await readFile(join(dumped.directory, 'shop.who-schema-view.sql'), 'utf8')).toMatch(
        /^-- The view `who` needs what is not in this backup\. Its definition was:\n-- CREATE .*`crm`\.`clients`/m,
      )
    } finally {
      await target.stop()
      await source.execute(
        ...[
          'DROP EVENT shop.cleaning',
          'DROP PROCEDURE shop.clean',
          'DROP TABLE shop.contracts',
          'DROP TABLE crm.audit',
        ],
        'DROP VIEW shop.who_again, shop.who, shop.calls, shop.by_function',
        'DROP FUNCTION shop.of_tmp',
      )
    }
  })

  if (mariadb)
    test('a table that cannot be made without an excluded sequence is not backed up as if it could', async () => {
      await source.execute('CREATE TABLE shop.numbered (id BIGINT DEFAULT NEXTVAL(shop.tmp_numbers))')
      expect(await failureOf(dump(choosing(source, choice)))).toMatch(
        /^selection-cuts: .*`shop`\.`numbered`.*`shop`\.`tmp_numbers`.*Include the sequence/,
      )
      await source.execute('DROP TABLE shop.numbered')
    })
})

function tablesOf({ input }: Dumped): string[] {
  return input.files
    .filter(({ attributes }) => attributes.stage === 'tables')
    .map(({ attributes }) => `${attributes.database}.${attributes.table}`)
}
