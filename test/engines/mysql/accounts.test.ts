import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { dump, failureOf, settingsFor } from './harness.ts'

const variable = 'MYSQL_TEST_ACCOUNT_PASSWORD'
const never = () => new AbortController().signal

interface Case {
  right: string
  /** What else must be taken away, because it does as well. */
  also?: string[]
  /** How the backup goes without it: the code of the refusal, or how the moment is taken and what is warned of. */
  refused?: string
  moment?: string
  warned?: string[]
}

const refused = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'].map(
  (right): Case => ({ right, refused: 'mysql-missing-right' }),
)
const mariadb: Case[] = [
  ...refused,
  { right: 'RELOAD', moment: 'optimistic' },
  { right: 'LOCK TABLES', also: ['RELOAD'], moment: 'optimistic' },
  { right: 'PROCESS', moment: 'backup-stage' },
  { right: 'BINLOG MONITOR', moment: 'backup-stage' },
  { right: 'REPLICATION SLAVE', moment: 'backup-stage' },
]
const cases: Record<Release, Case[]> = {
  'mariadb-10.11': mariadb,
  'mariadb-11.8': mariadb,
  'mysql-9.7': [
    ...refused,
    { right: 'RELOAD', moment: 'table-locks' },
    { right: 'LOCK TABLES', moment: 'instance-lock' },
    { right: 'LOCK TABLES', also: ['RELOAD'], moment: 'single', warned: ['one-connection'] },
    { right: 'PROCESS', moment: 'instance-lock' },
    { right: 'BACKUP_ADMIN', moment: 'global-read-lock' },
    { right: 'SHOW_ROUTINE', also: ['SELECT'], refused: 'mysql-missing-right' },
    { right: 'REPLICATION CLIENT', moment: 'instance-lock', warned: ['no-log-position'] },
    { right: 'XA_RECOVER_ADMIN', moment: 'instance-lock' },
    { right: 'REPLICATION SLAVE', moment: 'instance-lock' },
  ],
}

describe.each(Object.keys(cases) as Release[])('%s', release => {
  let server: Database
  const isMysql = release.startsWith('mysql')
  const all = [...new Set(cases[release].map(({ right }) => right))]
  const settings = () => settingsFor(server, 'bkp', variable)

  beforeAll(async () => {
    process.env[variable] = "it's"
    server = await startDatabase({
      release,
      options: { log_bin: 'binlog', ...(isMysql && { partial_revokes: 'ON' }) },
    })
    const connection = await server.connect()
    const [[is]] = (await connection.query('SELECT VERSION() AS version')) as any
    console.log(`${release}: ${is.version}`)
    await connection.end()
    await server.execute(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY)',
      'INSERT INTO d.t VALUES (1)',
      'CREATE VIEW d.v AS SELECT id FROM d.t',
      'CREATE PROCEDURE d.p() SELECT 1',
      "CREATE USER bkp@'%'",
    )
  })
  afterAll(() => server?.stop())
  beforeEach(() =>
    server.execute(
      "DROP USER bkp@'%'",
      "CREATE USER bkp@'%' IDENTIFIED BY 'it''s'",
      `GRANT ${all.join(', ')} ON *.* TO bkp@'%'`,
    ),
  )

  test('with every right of the table nothing is found, and the backup warns of nothing', async () => {
    expect(await mysql.checkRights!(settings(), never())).toEqual([])
    await using dumped = await dump(settings())
    expect(dumped.warnings).toEqual([])
    expect(dumped.units[0]!.info!.moment).toBe(isMysql ? 'instance-lock' : 'backup-stage')
  })

  test.each(cases[release])(
    'without $right it is named, with its statement',
    async ({ right, also = [], refused, moment, warned = [] }) => {
      await server.execute(`REVOKE ${[right, ...also].join(', ')} ON *.* FROM bkp@'%'`)
      const findings = await mysql.checkRights!(settings(), never())
      const statement = `GRANT ${right} ON *.* TO \`bkp\`@\`%\``
      expect(findings).toHaveLength(1 + also.length)
      expect(findings.find(({ fix }) => fix.endsWith(statement))).toMatchObject({ code: 'mysql-missing-right' })
      if (refused !== undefined) {
        expect(await failureOf(dump(settings()))).toMatch(new RegExp(`^${refused}: `))
        expect(findings.some(({ grave }) => grave)).toBe(true)
      } else {
        expect(findings.every(({ grave }) => !grave)).toBe(true)
        await using dumped = await dump(settings())
        expect(dumped.units[0]!.info!.moment).toBe(moment)
        expect(dumped.warnings.map(warning => warning.split(':')[0])).toEqual(warned)
      }
      // What the finding says is what helps.
      await server.execute(...findings.map(({ fix }) => fix.replace('Run as an administrator: ', '')))
      expect(await mysql.checkRights!(settings(), never())).toEqual([])
    },
  )

  if (isMysql)
    test('a right that was taken away for one database counts as missing', async () => {
      await server.execute("REVOKE SELECT ON d.* FROM bkp@'%'")
      expect(await failureOf(mysql.inspect(settings(), never()))).toMatch(
        /^mysql-missing-right: .*lacks the right SELECT on all databases/,
      )
      await server.execute("GRANT SELECT ON *.* TO bkp@'%'")
      expect(await mysql.checkRights!(settings(), never())).toEqual([])
    })

  if (isMysql)
    test('an account of caching_sha2_password logs in over plain TCP, though the server has not seen it yet', async () => {
      const connection = await server.connect()
      const [[row]] = (await connection.query("SELECT plugin FROM mysql.user WHERE User = 'bkp'")) as any
      const [native] = (await connection.query(
        "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'mysql_native_password' AND PLUGIN_STATUS = 'ACTIVE'",
      )) as any
      expect([row.plugin, native]).toEqual(['caching_sha2_password', []])
      // What it remembers of earlier logins is gone: the password itself must come to it.
      await connection.query('FLUSH PRIVILEGES')
      await connection.end()
      await using dumped = await dump(settings())
      expect(dumped.input.files.some(({ name }) => name === 'd.t.00000.sql')).toBe(true)
    })

  test('a backup goes over the unix socket', async () => {
    const connection = { socketPath: server.socket, user: 'bkp', passwordEnv: variable }
    await using dumped = await dump(mysql.settings.parse({ connection }))
    expect(dumped.input.files.some(({ name }) => name === 'd.t.00000.sql')).toBe(true)
  })
})
