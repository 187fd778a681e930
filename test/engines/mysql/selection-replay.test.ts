import { cp } from 'node:fs/promises'
import type { Connection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeServer, type ServerDescription } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { choosing, failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mysql-9.7']
const choice = { include: ['shop', 'log.2026_*'], exclude: ['shop.tmp_*'] }
const made = ['shop', 'log', 'crm', 'later']

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  let source: Database
  let target: Database
  let connection: Connection
  let chain: BackupChain

  beforeAll(async () => {
    const options = { log_bin: 'binlog', ...(mariadb ? { binlog_format: 'ROW' } : {}) }
    ;[source, target] = await Promise.all([startDatabase({ release, options }), startDatabase({ release })])
  })
  afterAll(async () => {
    await Promise.all([source?.stop(), target?.stop()])
  })
  beforeEach(async () => {
    await target.execute(...made.map(name => `DROP DATABASE IF EXISTS ${name}`))
    connection = await source.connect()
    await run(
      ...made.map(name => `DROP DATABASE IF EXISTS ${name}`),
      'CREATE DATABASE shop',
      'CREATE DATABASE log',
      'CREATE DATABASE crm',
      'USE shop',
      'CREATE TABLE crm.clients (id INT PRIMARY KEY)',
      'INSERT INTO crm.clients VALUES (1), (2), (3)',
      'CREATE TABLE orders (id INT PRIMARY KEY, client INT)',
      'INSERT INTO orders VALUES (1, 1), (2, 2)',
      'CREATE TABLE tmp_orders (id INT PRIMARY KEY)',
      'CREATE TABLE log.2026_01 (id INT PRIMARY KEY)',
      'CREATE TABLE log.2025_12 (id INT PRIMARY KEY)',
    )
    chain = await BackupChain.of(choosing(source, choice))
  })
  afterEach(async () => {
    await connection.end()
    await chain[Symbol.asyncDispose]()
  })

  async function run(...statements: string[]): Promise<void> {
    for (const statement of statements) await connection.query(statement)
  }
  async function described(server: Database): Promise<ServerDescription> {
    const reading = await server.connect()
    try {
      return await describeServer(reading)
    } finally {
      await reading.end()
    }
  }
  /** What both servers hold of a part of the names. */
  async function expectSame(chosen: (key: string) => boolean): Promise<void> {
    const [expected, found] = await Promise.all([described(source), described(target)])
    const ours = (description: ServerDescription) =>
      [...description].filter(([key]) => made.some(name => key.includes(name)) && !key.includes('@')).sort()
    expect(ours(found)).toEqual(ours(expected).filter(([key]) => chosen(key)))
    expect(ours(found).length).toBeGreaterThan(1)
  }

  test('a log holds the changes of all databases, and of those a restore takes only what the full held', async () => {
    await chain.take('full')
    await run(
      'BEGIN',
      'INSERT INTO orders VALUES (3, 3)',
      'INSERT INTO crm.clients VALUES (4)',
      'INSERT INTO tmp_orders VALUES (1)',
      'INSERT INTO log.2025_12 VALUES (1)',
      'INSERT INTO log.2026_01 VALUES (1)',
      'COMMIT',
      'UPDATE orders o JOIN crm.clients c ON c.id = o.client SET o.client = 9, c.id = 99 WHERE o.id = 3',
      'CREATE TABLE tmp_more AS SELECT * FROM crm.clients',
      'ALTER TABLE tmp_more ADD COLUMN x INT',
      'CREATE TABLE copied AS SELECT id FROM crm.clients',
      'USE crm',
      'CREATE TABLE shop.made_from_elsewhere (id INT PRIMARY KEY)',
      'INSERT INTO shop.made_from_elsewhere VALUES (7)',
      'CREATE TABLE other (id INT PRIMARY KEY)',
      'CREATE PROCEDURE p() SELECT 1',
      'CREATE PROCEDURE shop.kept() SELECT 1',
      'CREATE PROCEDURE log.gone() SELECT 1',
      'CREATE TABLE log.2026_02 (id INT PRIMARY KEY)',
      'CREATE TABLE log.2025_11 (id INT PRIMARY KEY)',
      'INSERT INTO log.2026_02 VALUES (5)',
      'CREATE DATABASE later',
      'CREATE TABLE later.t (id INT PRIMARY KEY)',
      'USE shop',
      'CREATE TRIGGER kept_too BEFORE INSERT ON orders FOR EACH ROW SET NEW.client = 1',
      'CREATE TRIGGER gone_too BEFORE INSERT ON tmp_orders FOR EACH ROW SET NEW.id = 1',
      'CREATE TRIGGER log.gone_as_well BEFORE INSERT ON log.2025_12 FOR EACH ROW SET NEW.id = 1',
      'DROP TRIGGER gone_too',
      'DROP TRIGGER log.gone_as_well',
      'CREATE VIEW seen AS SELECT id FROM orders',
      'RENAME TABLE orders TO orders_old, copied TO orders',
      'DROP TABLE tmp_orders, tmp_more',
      'CREATE TABLE `tmp_``x` (id INT)',
      'DROP DATABASE crm',
    )
    expect((await chain.take('log')).plan.kind).toBe('log')
    const { warnings, notes } = await chain.restore(target)
    expect(warnings).toEqual([expect.stringMatching(/^replay-not-chosen: .*`crm`\.`clients`.*`later`/)])
    expect(notes.at(-1)).toMatch(/transactions replayed/)
    await expectSame(key => {
      const left = ['crm', 'later', 'tmp_', '2025_', 'log.gone', 'log.gone_as_well']
      return !left.some(part => key.includes(part))
    })
  }, 60_000)

  test('what cannot be told apart is refused before anything is changed, and can be stopped before', async () => {
    const unclear = [
      ['DROP TABLE tmp_orders, orders', /changes `shop`\.`tmp_orders`, `shop`\.`orders` at once/],
      ['RENAME TABLE orders TO crm.orders', /changes `shop`\.`orders`, `crm`\.`orders` at once/],
      ['CREATE TABLE like_it LIKE crm.clients', /needs `crm`\.`clients`/],
      ['ALTER TABLE orders ADD FOREIGN KEY (client) REFERENCES crm.clients (id)', /needs `crm`\.`clients`/],
    ] as const
    await chain.take('full')
    for (const [statement, why] of unclear) {
      await run('INSERT INTO orders VALUES (50, 1)', statement)
      await chain.take('log')
      const failure = await failureOf(chain.restore(target))
      expect(failure).toMatch(/^replay-selection: /)
      expect(failure).toMatch(why)
      const before = /--before (binlog\.\d+:\d+)/.exec(failure)![1]!
      expect([...(await described(target)).keys()].filter(key => key.includes('shop'))).toEqual([])
      await chain.restore(target, { kind: 'latest' }, { before })
      const reading = await target.connect('shop')
      const [rows] = (await reading.query('SELECT id FROM orders WHERE id = 50')) as any
      await reading.end()
      expect(rows).toHaveLength(1)
      await target.execute('DROP DATABASE shop', 'DROP DATABASE log')
      await run(
        'DROP TABLE IF EXISTS orders, crm.orders, like_it',
        'CREATE TABLE orders (id INT PRIMARY KEY, client INT)',
        'CREATE TABLE IF NOT EXISTS tmp_orders (id INT PRIMARY KEY)',
      )
      await chain.take('full')
    }
  }, 120_000)

  test('rows whose parents are left out are written all the same, and rows that a left out parent takes along are refused', async () => {
    await run(
      'CREATE TABLE contracts (id INT PRIMARY KEY, client INT, FOREIGN KEY (client) REFERENCES crm.clients (id))',
      'CREATE TABLE pages (id INT PRIMARY KEY, contract INT, FOREIGN KEY (contract) REFERENCES contracts (id) ON DELETE CASCADE)',
      'INSERT INTO contracts VALUES (1, 1)',
      'INSERT INTO pages VALUES (1, 1)',
    )
    await chain.take('full')
    await run('INSERT INTO contracts VALUES (2, 2), (3, 3)', 'INSERT INTO pages VALUES (2, 2), (3, 3)')
    await run('UPDATE contracts SET client = 3 WHERE id = 2', 'DELETE FROM contracts WHERE id = 1')
    await chain.take('log')
    await chain.restore(target)
    const chosen = (key: string) => !['crm', 'tmp_', '2025_'].some(part => key.includes(part))
    await expectSame(chosen)

    await run(
      'CREATE TABLE notes (id INT PRIMARY KEY, client INT, FOREIGN KEY (client) REFERENCES crm.clients (id) ON DELETE CASCADE)',
    )
    await run('INSERT INTO notes VALUES (1, 1)')
    await chain.take('full')
    await run(
      'INSERT INTO crm.clients VALUES (76)',
      'UPDATE crm.clients SET id = 77 WHERE id = 76',
      'INSERT INTO notes VALUES (2, 77)',
    )
    await chain.take('log')
    await target.execute('DROP DATABASE shop', 'DROP DATABASE log')
    await chain.restore(target)
    await expectSame(chosen)
    await run('DELETE FROM crm.clients WHERE id = 77')
    await chain.take('log')
    await target.execute('DROP DATABASE shop', 'DROP DATABASE log')
    expect(await failureOf(chain.restore(target))).toMatch(
      /^replay-selection: .*it changes `crm`\.`clients`.*foreign keys make rows/,
    )
  }, 60_000)

  test('a view on what is left out costs nothing but itself', async () => {
    await chain.take('full')
    await run(
      'CREATE VIEW who AS SELECT id FROM crm.clients',
      'CREATE OR REPLACE VIEW who AS SELECT id + 1 AS id FROM crm.clients',
      'DROP VIEW who',
      'INSERT INTO orders VALUES (8, 8)',
    )
    await chain.take('log')
    const { warnings } = await chain.restore(target)
    expect(warnings.filter(warning => warning.startsWith('view-left-out'))).toHaveLength(3)
    await expectSame(key => !['crm', 'tmp_', '2025_'].some(part => key.includes(part)))
  })

  test('compressed events are told apart as plain ones are', async () => {
    await chain.take('full')
    const writer = await source.connect('shop')
    const on = mariadb
      ? ['SET GLOBAL log_bin_compress = ON', 'SET GLOBAL log_bin_compress_min_len = 10']
      : ['SET binlog_transaction_compression = ON']
    const off = mariadb ? ['SET GLOBAL log_bin_compress = OFF'] : []
    const long = 'x'.repeat(300)
    for (const statement of [
      ...on,
      `CREATE TABLE told (id INT PRIMARY KEY, t TEXT) COMMENT '${long}'`,
      `CREATE TABLE tmp_told (id INT PRIMARY KEY, t TEXT) COMMENT '${long}'`,
      `INSERT INTO told VALUES (1, '${long}')`,
      `INSERT INTO tmp_told VALUES (1, '${long}')`,
      'BEGIN',
      `UPDATE told SET t = CONCAT(t, '${long}')`,
      `UPDATE tmp_told SET t = CONCAT(t, '${long}')`,
      'COMMIT',
    ])
      await writer.query(statement)
    await chain.take('log')
    const { warnings } = await chain.restore(target)
    expect(warnings).toEqual([expect.stringMatching(/^replay-not-chosen: .*: `shop`\.`tmp_told`$/)])
    await expectSame(key => !['crm', 'tmp_', '2025_'].some(part => key.includes(part)))
    await writer.query(`DROP TABLE tmp_told, told /* ${long} */`)
    for (const statement of off) await writer.query(statement)
    await writer.end()
    await chain.take('log')
    await target.execute('DROP DATABASE shop', 'DROP DATABASE log')
    expect(await failureOf(chain.restore(target))).toMatch(/^replay-selection: .*`shop`\.`told` at once/)
  }, 60_000)

  if (mariadb)
    test('statements in the log are told by the tables that they name, and by the current database where they name none', async () => {
      await chain.take('full')
      await run(
        "SET SESSION binlog_format = 'STATEMENT'",
        'INSERT INTO orders VALUES (5, 5)',
        'INSERT INTO tmp_orders VALUES (5)',
        'INSERT INTO crm.clients VALUES (5)',
        'USE crm',
        'INSERT INTO shop.orders VALUES (6, 6)',
        'UPDATE clients SET id = 6 WHERE id = 5',
        'INSERT INTO clients SELECT id + 100 FROM shop.orders',
        'CREATE TEMPORARY TABLE passing (id INT)',
        'DROP TEMPORARY TABLE passing',
        'USE shop',
        "SET SESSION binlog_format = 'ROW'",
      )
      await chain.take('log')
      await chain.restore(target)
      const chosen = (key: string) => !['crm', 'tmp_', '2025_'].some(part => key.includes(part))
      await expectSame(chosen)
      await run(
        "SET SESSION binlog_format = 'STATEMENT'",
        'INSERT INTO orders SELECT id, id FROM crm.clients WHERE id > 90',
        "SET SESSION binlog_format = 'ROW'",
      )
      await chain.take('log')
      await target.execute('DROP DATABASE shop', 'DROP DATABASE log')
      expect(await failureOf(chain.restore(target))).toMatch(/^replay-selection: .*it needs `crm`\.`clients`/)
    }, 60_000)

  test('the choice that counts is the one the full was made with', async () => {
    await chain.take('full')
    await using changed = await BackupChain.of(settingsFor(source))
    changed.taken.push(...chain.taken)
    await run('INSERT INTO crm.clients VALUES (50)', 'INSERT INTO orders VALUES (50, 50)')
    await changed.take('log')
    await cp(chain.directory, changed.directory, { recursive: true })
    await changed.restore(target)
    await expectSame(key => !['crm', 'tmp_', '2025_'].some(part => key.includes(part)))
  })

  test('one table of a full backup and its logs goes into a database that is there, and nothing else changes', async () => {
    await using all = await BackupChain.of(settingsFor(source))
    await all.take('full')
    await run(
      'INSERT INTO orders VALUES (3, 3)',
      'INSERT INTO crm.clients VALUES (5)',
      "CREATE USER IF NOT EXISTS nobody@'%'",
      'CREATE TABLE unrelated (id INT)',
      'ALTER TABLE orders ADD COLUMN note TEXT',
      "UPDATE orders SET note = 'x'",
    )
    await all.take('log')
    await target.execute(
      'CREATE DATABASE shop CHARACTER SET latin1',
      'CREATE TABLE shop.mine (id INT)',
      "DROP USER IF EXISTS nobody@'%'",
    )
    const before = await described(target)
    const { warnings } = await all.restore(target, { kind: 'latest' }, { only: 'shop.orders{-schema,.}*' })
    expect(warnings).toEqual([expect.stringMatching(/^replay-not-chosen: /)])
    const [found, expected] = [await described(target), await described(source)]
    const isOrders = (key: string) => key.includes('orders') && !key.includes('tmp_')
    expect([...found].filter(([key]) => !isOrders(key))).toEqual([...before])
    const orders = (description: ServerDescription) => [...description].filter(([key]) => isOrders(key)).sort()
    expect(orders(found)).toEqual(orders(expected))
    expect(await failureOf(all.restore(target, { kind: 'latest' }, { only: 'shop.orders{-schema,.}*' }))).toMatch(
      /^restore-target-not-empty: The target already has `shop`\.`orders`/,
    )
    await run("DROP USER nobody@'%'")
  }, 60_000)

  test('a table without its rows takes nothing of the logs, and a table called x does not stand for its database', async () => {
    await run('CREATE TABLE x (id INT PRIMARY KEY)', 'INSERT INTO x VALUES (1)')
    await using all = await BackupChain.of(settingsFor(source))
    await all.take('full')
    await run('UPDATE orders SET id = id + 100', 'INSERT INTO x VALUES (2)')
    await all.take('log')
    await target.execute('CREATE DATABASE shop')
    await all.restore(target, { kind: 'latest' }, { only: 'shop.orders-schema.sql' })
    expect((await described(target)).get('rows shop.orders')).toMatch(/^\s*0 /)
    await target.execute('DROP DATABASE shop')
    await all.restore(target, { kind: 'latest' }, { only: '{shop-schema-create.sql,shop.x{-schema,.}*}' })
    expect((await described(target)).get('rows shop.x')).toBe((await described(source)).get('rows shop.x'))
    await run('DROP TABLE x')
  })

  test('one database of a full backup and its logs, with what was made in it later', async () => {
    await using all = await BackupChain.of(settingsFor(source))
    await all.take('full')
    await run(
      'CREATE TABLE made_later (id INT PRIMARY KEY)',
      'INSERT INTO made_later VALUES (1)',
      'CREATE PROCEDURE p() SELECT 1',
    )
    await run('INSERT INTO crm.clients VALUES (5)', 'INSERT INTO log.2026_01 VALUES (5)')
    await all.take('log')
    await all.restore(target, { kind: 'latest' }, { only: 'shop{-schema,.}*' })
    await expectSame(key => key.includes('shop'))
  })

  test('a part that has no place is refused before anything is changed', async () => {
    await using all = await BackupChain.of(settingsFor(source))
    await all.take('full')
    const refused = (only: string) => failureOf(all.restore(target, { kind: 'latest' }, { only }))
    expect(await refused('shop.orders{-schema,.}*')).toMatch(
      /^restore-target-database: The target has no database `shop`.*-schema-create\.sql/,
    )
    await target.execute('CREATE DATABASE shop', 'CREATE TABLE shop.mine (id INT)')
    expect(await refused('{shop-schema-create.sql,shop.orders{-schema,.}*}')).toMatch(
      /^restore-target-not-empty: .*`shop`.*leave its -schema-create\.sql out/,
    )
    expect(await refused('shop.orders.0*')).toMatch(/^restore-part: .*without the definition/)
    expect([...(await described(target)).keys()].filter(key => key.includes('orders'))).toEqual([])
    await target.execute('DROP DATABASE shop')
    await all.restore(target, { kind: 'latest' }, { only: '{shop-schema-create.sql,shop.orders{-schema,.}*}' })
    expect([...(await described(target)).keys()].filter(key => key.startsWith('rows '))).toEqual(['rows shop.orders'])
  })
})
