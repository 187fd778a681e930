import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeServer, differences } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, type Dumped, dump, failureOf, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const isMysql = (release: Release) => release.startsWith('mysql')

async function describeIt(server: Database) {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}

/** What is there, sensitive to every setting below: quotes, backslashes, times around a change of clocks, zero dates and ids, several collations. */
async function fill(server: Database): Promise<void> {
  await server.execute(
    "SET GLOBAL sql_mode = ''",
    'CREATE DATABASE Shop CHARACTER SET latin1',
    'CREATE DATABASE other CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  )
  const connection = await server.connect('Shop')
  try {
    for (const statement of [
      "SET SESSION time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      `CREATE TABLE Orders (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(100), at TIMESTAMP(3) NULL, d DATE, u VARCHAR(50) CHARACTER SET utf8mb4, KEY (t))`,
      String.raw`INSERT INTO Orders VALUES (0, 'it''s "quoted" \\ back', '2026-10-25 00:30:00.125', '0000-00-00', '😀\n'),
        (1, '', '2026-10-25 01:30:00.125', '2026-00-00', NULL)`,
      'CREATE TABLE other.`lines` (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES Shop.Orders (id))',
      'INSERT INTO other.`lines` VALUES (1, 0)',
      "CREATE VIEW Recent AS SELECT id, CONCAT('\"', t, '\\\\') AS `quoted name` FROM Orders",
      "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
      `CREATE PROCEDURE "say it"() SELECT '\\' || "id" FROM "Orders"`,
      `CREATE TRIGGER before_order BEFORE INSERT ON "Orders" FOR EACH ROW SET NEW.u = '\\'`,
      "SET SESSION sql_mode = ''",
      "CREATE USER app@'%' IDENTIFIED BY 'it''s \\\\ \"x\"'",
      "GRANT SELECT ON Shop.* TO app@'%'",
    ])
      await connection.query(statement)
  } finally {
    await connection.end()
  }
}

describe.each(releases)('%s', release => {
  let source: Database
  let dumped: Dumped

  beforeAll(async () => {
    source = await startDatabase({ release })
    await fill(source)
    dumped = await dump(settingsFor(source))
  })
  afterAll(async () => {
    await dumped?.[Symbol.asyncDispose]()
    await source?.stop()
  })

  const others: Record<string, string>[] = [
    { sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY' },
    { default_time_zone: '+05:30', max_allowed_packet: '1M' },
    { character_set_server: 'utf16', collation_server: 'utf16_bin' },
    { autocommit: 'OFF', explicit_defaults_for_timestamp: 'OFF', log_bin: 'binlog' },
    isMysql(release)
      ? {
          sql_require_primary_key: 'ON',
          sql_generate_invisible_primary_key: 'ON',
        }
      : { old_mode: 'UTF8_IS_UTF8MB3,NO_PROGRESS_INFO', secure_timestamp: 'YES', default_storage_engine: 'MyISAM' },
  ]
  test.each(others)('a backup loads the same into a server with %o', async options => {
    const target = await startDatabase({ release, options })
    try {
      const { warnings } = await applyTo(target, dumped)
      expect(warnings).toEqual([])
      expect(differences(await describeIt(source), await describeIt(target))).toEqual([])
    } finally {
      await target.stop()
    }
  })

  test('a server with such settings is backed up as any other', async () => {
    const options = {
      sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE',
      default_time_zone: '-03:00',
      character_set_server: 'utf16',
      collation_server: 'utf16_bin',
    }
    const strange = await startDatabase({ release, options })
    const target = await startDatabase({ release })
    try {
      await fill(strange)
      await using taken = await dump(settingsFor(strange))
      await applyTo(target, taken)
      expect(differences(await describeIt(strange), await describeIt(target))).toEqual([])
    } finally {
      await Promise.all([strange.stop(), target.stop()])
    }
  })

  test('a server that ignores case in names takes it with a word; one that does not ignore it does not take that back', async () => {
    const target = await startDatabase({ release, options: { lower_case_table_names: '1' } })
    const back = await startDatabase({ release })
    try {
      expect((await applyTo(target, dumped)).warnings).toEqual([expect.stringMatching(/^names-lower-case: /)])
      const lower = await describeIt(target)
      expect(lower.get('rows shop.orders')).toBe((await describeIt(source)).get('rows Shop.Orders'))
      await using again = await dump(settingsFor(target))
      const before = await describeIt(back)
      expect(await failureOf(applyTo(back, again))).toMatch(/^restore-target-names: .*lower_case_table_names = 1/)
      expect(differences(before, await describeIt(back))).toEqual([])
    } finally {
      await Promise.all([target.stop(), back.stop()])
    }
  })

  const refusals: { what: string; make: string[]; options: Record<string, string>; code: string; undo: string[] }[] = [
    {
      what: 'views whose names differ in case only',
      make: ['CREATE VIEW Shop.recent AS SELECT 1 AS x'],
      undo: ['DROP VIEW Shop.recent'],
      options: { lower_case_table_names: '1' },
      code: 'restore-target-names',
    },
    {
      what: 'an event in a time zone that the target does not know',
      // A source that knows it, without the tables of all zones.
      make: [
        "INSERT INTO mysql.time_zone_name VALUES ('Here/There', 77)",
        "INSERT INTO mysql.time_zone VALUES (77, 'N')",
        "INSERT INTO mysql.time_zone_transition_type VALUES (77, 0, 3600, 0, 'HT')",
        "SET time_zone = 'Here/There'",
        "CREATE EVENT Shop.e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' DO DO 0",
      ],
      undo: ['DROP EVENT Shop.e'],
      options: {},
      code: 'restore-target-time-zone',
    },
    ...(isMysql(release)
      ? [
          {
            what: 'rights on everything but one database',
            make: [
              'SET GLOBAL partial_revokes = ON',
              "CREATE USER part@'%'",
              "GRANT SELECT ON *.* TO part@'%'",
              "REVOKE SELECT ON mysql.* FROM part@'%'",
            ],
            undo: ["DROP USER part@'%'", 'SET GLOBAL partial_revokes = OFF'],
            options: {},
            code: 'restore-target-partial-revokes',
          },
          {
            what: 'anything',
            make: [],
            undo: [],
            options: { super_read_only: 'ON' },
            code: 'restore-target-read-only',
          },
        ]
      : [
          {
            what: 'the history of rows',
            make: [
              'CREATE TABLE Shop.told (id INT PRIMARY KEY) WITH SYSTEM VERSIONING',
              'INSERT INTO Shop.told VALUES (1)',
            ],
            undo: ['DROP TABLE Shop.told'],
            options: { secure_timestamp: 'YES' },
            code: 'restore-target-timestamps',
          },
        ]),
  ]
  test.each(refusals)('$what: refused with $code before anything is changed', async ({ make, undo, options, code }) => {
    await source.execute(...make)
    const target = await startDatabase({ release, options })
    try {
      await using taken = await dump(settingsFor(source))
      const before = await describeIt(target)
      expect(await failureOf(applyTo(target, taken))).toMatch(new RegExp(`^${code}: `))
      expect(differences(before, await describeIt(target))).toEqual([])
    } finally {
      await target.stop()
      await source.execute(...undo)
    }
  })
})
