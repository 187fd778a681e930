import { spawn } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { addSource } from '../../uploader/config/add-source.ts'
import { mysqlDetector } from '../../uploader/engines/mysql/detect/detector.ts'
import { greet, isSameServer } from '../../uploader/engines/mysql/detect/greet.ts'
import { parsePlace } from '../../uploader/engines/mysql/detect/option-files.ts'
import { startSqlServer } from '../doubles/tds/server.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, type Release, startDatabase } from '../support/database.ts'
import { type Host, newHost } from './host.ts'

const never = () => new AbortController().signal
const main = join(import.meta.dirname, '../../uploader/main.ts')
let cloud: TestCloud
let database: Database
let host: Host

beforeAll(async () => {
  cloud = await startTestCloud()
  database = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  await database.execute(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.t (id INT PRIMARY KEY)',
    'INSERT INTO shop.t VALUES (1)',
  )
})
afterAll(async () => {
  await database?.stop()
  await cloud?.close()
})
beforeEach(async () => {
  host = await newHost(cloud)
})
afterEach(async () => {
  await database.execute("DROP USER IF EXISTS 'failsafe'@'localhost'")
  await host[Symbol.asyncDispose]()
})

const init = (...args: string[]) => host.failsafe(['init', '--yes', '--connect', database.socket, ...args])
const written = async () => parse(await readFile(host.config, 'utf8'))
const accounts = async () => {
  const connection = await database.connect()
  const [rows] = (await connection.query("SELECT User FROM mysql.user WHERE User = 'failsafe'")) as any
  await connection.end()
  return rows.length
}

/** Runs init on a terminal of its own, and types when what is asked for has come: Enter takes what is offered. */
function talk(...typed: [asked: RegExp, keys: string][]): Promise<string> {
  const command = `${process.execPath} ${main} init --connect ${database.socket} --config ${host.config}`
  const child = spawn('script', ['-qec', `stty cols 120 rows 40; ${command}; echo ended with $?`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
  })
  let said = ''
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text
    shown += text
    if (!typed[0]?.[0].test(said)) return
    child.stdin.write(typed.shift()![1])
    said = ''
  })
  return new Promise(resolve => child.on('close', () => resolve(shown)))
}

describe('init', () => {
  test('makes an account, a password file and an entry that a backup works with at once', async () => {
    const { code, stdout, stderr } = await init('--json')
    expect(code, stdout + stderr).toBe(0)
    const { added, outcome } = JSON.parse(stdout)
    expect(outcome).toBe('ok')
    expect(added).toMatchObject([{ name: 'mariadb', statements: [] }])
    const { sources } = await written()
    expect(sources.mariadb).toEqual({
      engine: 'mysql',
      connection: { socketPath: database.socket, user: 'failsafe', passwordFile: host.in('etc', 'mariadb.pw') },
      schedule: { full: '0 2 * * *', log: '*/15 * * * *', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    })
    for (const file of [host.config, sources.mariadb.connection.passwordFile])
      expect((await stat(file)).mode & 0o777, file).toBe(0o600)
    expect(stdout + stderr).not.toContain((await readFile(sources.mariadb.connection.passwordFile, 'utf8')).trim())
    const backup = await host.failsafe(['backup', 'mariadb', '--json'])
    expect(backup.code, backup.stdout).toBe(0)
    expect(JSON.parse(backup.stdout.trim().split('\n').at(-1)!)).toMatchObject({ kind: 'full', warnings: [] })
  })

  test('makes the configuration where there is none, in a directory of its own', async () => {
    await rm(dirname(host.config), { recursive: true })
    const { code, stderr } = await init('--no-account')
    expect(code, stderr).toBe(3)
    expect((await stat(host.config)).mode & 0o777).toBe(0o600)
    expect(Object.keys(await written())).toEqual(['sources'])
  })

  test('finds what is configured already, and adds nothing', async () => {
    await init()
    const before = await readFile(host.config, 'utf8')
    const { code, stderr } = await host.failsafe(['init', '--yes', '--connect', `127.0.0.1:${database.port}`])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/MariaDB 10\.11\.\d+ at 127\.0\.0\.1:\d+ is mariadb, in .* already/)
    expect(await readFile(host.config, 'utf8')).toBe(before)
  })

  test('without an account says what an administrator has to run, and all is well when it was', async () => {
    const { code, stdout } = await init('--no-account', '--name', 'shop')
    expect(code).toBe(3)
    expect(stdout).toMatch(/failed +shop: engine +.* refuses the login of failsafe/)
    expect(await accounts()).toBe(0)
    const password = (await readFile(host.in('etc', 'shop.pw'), 'utf8')).trim()
    const statements = stdout.split('\n').filter(line => /^ {2}(CREATE|GRANT) /.test(line))
    expect(statements).toHaveLength(2)
    await database.execute(...statements.map(line => line.trim().replace(/;$/, '').replace("'...'", `'${password}'`)))
    expect((await host.failsafe(['doctor'])).code).toBe(0)
  })

  test('goes on where it was interrupted: after the password file, and after the account', async () => {
    await init()
    const password = await readFile(host.in('etc', 'mariadb.pw'), 'utf8')
    await host.configure()
    expect((await init()).code).toBe(0)
    expect(await readFile(host.in('etc', 'mariadb.pw'), 'utf8')).toBe(password)
    await host.configure()
    await database.execute("DROP USER 'failsafe'@'localhost'")
    expect((await init()).code).toBe(0)
    expect((await host.failsafe(['backup', 'mariadb'])).code).toBe(0)
  })

  test('leaves an account alone that somebody else has made', async () => {
    await database.execute("CREATE USER 'failsafe'@'localhost' IDENTIFIED BY 'theirs'")
    const before = await readFile(host.config, 'utf8')
    const { code, stderr } = await init()
    expect([code, stderr]).toEqual([1, expect.stringMatching(/an account `failsafe`@`localhost` already.*--user/)])
    expect(await readFile(host.config, 'utf8')).toBe(before)
    expect((await init('--user', 'failsafe2')).code).toBe(0)
    await database.execute("DROP USER 'failsafe2'@'localhost'")
  })

  test('takes back an account that it cannot give its rights', async () => {
    await database.execute(
      "CREATE USER 'half'@'localhost'",
      "GRANT CREATE USER, SELECT, RELOAD ON *.* TO 'half'@'localhost'",
    )
    const { code, stderr } = await init('--administrator', 'half')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be made.*Access denied.*Have an administrator run: CREATE USER/),
    ])
    expect(await accounts()).toBe(0)
    await database.execute("DROP USER 'half'@'localhost'")
  })

  test('takes the password of the administrator from the environment, and says so where it is missing', async () => {
    await database.execute(
      "CREATE USER 'boss'@'localhost' IDENTIFIED BY 'b'",
      "GRANT ALL ON *.* TO 'boss'@'localhost' WITH GRANT OPTION",
    )
    const refused = await init('--administrator', 'boss')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('FAILSAFE_ADMINISTRATOR_PASSWORD')])
    const args = ['init', '--yes', '--connect', database.socket, '--administrator', 'boss']
    expect((await host.failsafe(args, { env: { FAILSAFE_ADMINISTRATOR_PASSWORD: 'b' } })).code).toBe(0)
    await database.execute("DROP USER 'boss'@'localhost'")
  })

  test('makes no account on a server that is read only', async () => {
    await database.execute('SET GLOBAL read_only = ON')
    const { code, stderr } = await init()
    await database.execute('SET GLOBAL read_only = OFF')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/read only.*replica.*--no-account/)])
    expect(await accounts()).toBe(0)
  })

  test('never waits for an answer that nobody gives', async () => {
    const { code, stderr } = await host.failsafe(['init'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/nobody to ask.*--yes/)])
  })

  test('says so where nothing answers', async () => {
    const { code, stderr } = await host.failsafe(['init', '--yes', '--connect', '127.0.0.1:1'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /Nothing that can be backed up answers at 127\.0\.0\.1:1: there is no MySQL or MariaDB server and no SQL Server and no .*\. .*--connect/,
      ),
    ])
  })

  test('makes a login in a SQL Server as sa, and says what its directory needs', async () => {
    await using server = await startSqlServer()
    server.model.createDatabase('shop')
    const args = ['init', '--yes', '--json', '--connect', `127.0.0.1:${server.port}`]
    const refused = await host.failsafe(args)
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([
      1,
      expect.stringMatching(/does not let sa in.*FAILSAFE_ADMINISTRATOR_PASSWORD/),
    ])
    const { password } = server.logins.sa
    const { code, stdout } = await host.failsafe(args, { env: { FAILSAFE_ADMINISTRATOR_PASSWORD: password } })
    expect(code, stdout).toBe(3)
    const { added, checks } = JSON.parse(stdout)
    expect(added).toMatchObject([{ name: 'sqlserver', statements: [] }])
    const findings = checks.filter((check: { source?: string }) => check.source === 'sqlserver')
    expect(JSON.stringify(findings)).toContain('install -d -o mssql')
    expect(JSON.stringify(findings)).not.toContain('sqlserver-missing-right')
    const { sources } = await written()
    expect(sources.sqlserver).toEqual({
      engine: 'sqlserver',
      connection: {
        host: '127.0.0.1',
        port: server.port,
        user: 'failsafe',
        passwordFile: host.in('etc', 'sqlserver.pw'),
      },
      directory: '/var/opt/mssql/failsafe',
      schedule: { full: '0 2 * * *', log: '*/15 * * * *', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    })
    const again = await host.failsafe(['init', '--yes', '--connect', `localhost:${server.port}`])
    expect(again.stderr).toMatch(/SQL Server 2022 .* is sqlserver, in .* already/)
  })

  test('asks on a terminal, and an answer that is not given changes nothing', async () => {
    const before = await readFile(host.config, 'utf8')
    const left = await talk([/Back up/, '\r'], [/What to call/, '\u0003'])
    expect(left).toContain('ended with 130')
    expect(await readFile(host.config, 'utf8')).toBe(before)
    expect(await accounts()).toBe(0)
    const done = await talk([/Back up/, '\r'], [/What to call/, '\r'], [/GRANT SELECT[\s\S]*Run these/, '\r'])
    expect(done).toContain('ended with 0')
    expect((await host.failsafe(['backup', 'mariadb'])).code).toBe(0)
  })
})

describe.each<Release>(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'])('a server of %s', release => {
  let server: Database
  beforeAll(async () => {
    server = await startDatabase({ release })
  })
  afterAll(() => server?.stop())

  test('is found by its process, once, by its socket, though port and socket lead to it', async () => {
    const found = await mysqlDetector.detect(never())
    expect(found.filter(({ connection }) => connection?.socketPath === server.socket)).toHaveLength(1)
    expect(found.filter(({ connection }) => connection?.port === server.port)).toEqual([])
    expect(found.find(({ connection }) => connection?.socketPath === server.socket)!.what).toMatch(
      release === 'mysql-9.7' ? /^MySQL 9\.7\.\d+ at / : /^MariaDB 1[01]\.\d+\.\d+ at /,
    )
  })

  test('is not mistaken for another one', async () => {
    const other = { path: database.socket }
    expect(await isSameServer({ path: server.socket }, { host: '127.0.0.1', port: server.port }, never())).toBe(true)
    expect(await isSameServer({ path: server.socket }, other, never())).toBe(false)
  })

  test('gets an account that has every right of the table', async () => {
    const detected = (await mysqlDetector.detectAt(server.socket, never()))!
    const plan = await mysqlDetector.accounts!.plan(
      detected,
      { user: 'root', password: undefined },
      'failsafe',
      never(),
    )
    await plan.make('Aa1-it\'s \\ "ü', never())
    const { mysql } = await import('../../uploader/engines/mysql/engine.ts')
    process.env.FAILSAFE_INIT_TEST = 'Aa1-it\'s \\ "ü'
    const connection = { socketPath: server.socket, user: 'failsafe', passwordEnv: 'FAILSAFE_INIT_TEST' }
    expect(await mysql.checkRights!(mysql.settings.parse({ connection }), never())).toEqual([])
    expect(plan.logs).toBe(false) // it writes none
  })
})

test('what is no server of ours is not taken for one', async () => {
  expect(await greet({ path: '/nowhere' }, never())).toBeUndefined()
  const { port } = new URL(cloud.url)
  expect(await greet({ host: '127.0.0.1', port: Number(port) }, never())).toBeUndefined()
})

test('an option file tells where its server listens, and not where a client looks', () => {
  const text =
    '[client]\nport=1\nsocket=/c\n[mysqld]\n port = 3307 # here\nsocket="/run/my sql.sock"\n[mysqldump]\nport=2'
  expect(parsePlace(text)).toEqual({ port: 3307, socket: '/run/my sql.sock' })
})

describe('a source is added to a configuration', () => {
  const entry = { engine: 'mysql', connection: { socketPath: '/s', user: 'u' } }

  test.each([
    ['that is empty', ''],
    ['that has comments', '# ours\nstaging:\n  dir: /s # fast disk\n\n# no sources yet\n'],
    ['whose sources are empty', 'sources:\n'],
    ['in one line', 'sources: { shop: { engine: mysql } } # one\n'],
    ['with another source', 'sources:\n  # the shop\n  shop:\n    engine: mysql # 8.4\n'],
  ])('%s, and nothing else of it is changed', (_what, text) => {
    const merged = addSource(text, 'crm', entry)
    const before = parse(text) ?? {}
    expect(parse(merged)).toEqual({ ...before, sources: { ...before.sources, crm: entry } })
    for (const comment of text.match(/#.*/g) ?? []) expect(merged).toContain(comment)
  })

  test('unless it has one of that name', () => {
    expect(() => addSource('sources: { crm: { engine: mysql } }', 'crm', entry)).toThrow(/a source "crm" already/)
  })
})
