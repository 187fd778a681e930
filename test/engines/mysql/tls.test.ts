import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { runOk } from '../../support/run.ts'
import { applyTo, dump, failureOf } from './harness.ts'
import { nastyOn } from './nasty/nasty.ts'

describe.each<Release>(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'])('%s', release => {
  let directory: string
  let server: Database
  const file = (name: string) => join(directory, name)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'failsafe-tls-'))
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const ca = ['-x509', '-days', '2', '-subj', '/CN=test authority', '-keyout', file('ca.key'), '-out', file('ca.pem')]
    await runOk('openssl', ['req', ...key, ...ca])
    await runOk('openssl', [
      'req',
      ...key,
      '-subj',
      '/CN=localhost',
      '-keyout',
      file('key.pem'),
      '-out',
      file('csr.pem'),
    ])
    await writeFile(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
    const sign = [
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file('names'),
    ]
    await runOk('openssl', ['x509', '-req', '-in', file('csr.pem'), ...sign, '-out', file('cert.pem')])
    server = await startDatabase({
      release,
      options: { ssl_cert: file('cert.pem'), ssl_key: file('key.pem'), ssl_ca: file('ca.pem') },
    })
    const connection = await server.connect()
    const [[is]] = (await connection.query('SELECT VERSION() AS version')) as any
    console.log(`${release}: ${is.version}`)
    const { all, numbers } = nastyOn(connection, release)
    await all(
      ...(release.startsWith('mysql') ? ['SET SESSION cte_max_recursion_depth = 10000'] : []),
      'CREATE DATABASE d',
      'USE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY, t LONGTEXT)',
      `INSERT INTO d.t SELECT seq, REPEAT('it''s ', 2000) FROM ${numbers(1, 3000)}`,
      "CREATE USER secure@'%' IDENTIFIED BY 's' REQUIRE SSL",
      "GRANT ALL ON *.* TO secure@'%' WITH GRANT OPTION",
    )
    await connection.end()
    process.env.MYSQL_TEST_TLS_PASSWORD = 's'
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  function settings(tls?: { caFile?: string; verify?: boolean }, host = '127.0.0.1') {
    return mysql.settings.parse({
      connection: {
        host,
        port: server.port,
        user: 'secure',
        passwordEnv: 'MYSQL_TEST_TLS_PASSWORD',
        ...(tls && { tls }),
      },
    })
  }

  const inspect = (given: ReturnType<typeof settings>) => mysql.inspect(given, new AbortController().signal)

  test('a backup and a restore go through TLS whose authority is named', async () => {
    const dumped = await dump(settings({ caFile: file('ca.pem') }))
    await using _ = dumped
    expect(dumped.input.files.find(({ role }) => role === 'data')!.attributes.rows).toBe('3000')
    await server.execute('DROP DATABASE d')
    const query = `tls-ca=${encodeURIComponent(file('ca.pem'))}`
    const report = await applyTo(server, dumped, { user: 'secure', password: 's', query })
    expect(report.notes[0]).toBe('1 databases, 1 tables, 3000 rows')
  })

  test('an authority that is not trusted is refused, unless verification is switched off', async () => {
    expect(await failureOf(inspect(settings({})))).toMatch(/^mysql-tls: .*caFile/)
    expect((await inspect(settings({ verify: false }))).account.user).toBe('secure')
  })

  test('an account that wants TLS is refused without it', async () => {
    expect(await failureOf(inspect(settings()))).toMatch(/^mysql-login-refused: /)
  })
})
