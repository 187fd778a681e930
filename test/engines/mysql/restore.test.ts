import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { type Database, startDatabase } from '../../support/database.ts'
import { applyTo, type Dumped, dump, failureOf, settingsFor } from './harness.ts'

let source: Database
let target: Database
let dumped: Dumped

beforeAll(async () => {
  ;[source, target] = await Promise.all([startDatabase({ options: { log_bin: 'binlog' } }), startDatabase()])
  await source.execute(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id INT PRIMARY KEY, t VARCHAR(300))',
    "INSERT INTO shop.orders SELECT seq, REPEAT('x', 300) FROM shop.seq_1_to_20000",
    "CREATE USER app@'%' IDENTIFIED BY 'one'",
    "GRANT SELECT ON shop.* TO app@'%'",
    "CREATE USER same@'%' IDENTIFIED BY 'one'",
  )
})
beforeEach(async () => {
  await target.execute('DROP DATABASE IF EXISTS shop', "DROP USER IF EXISTS app@'%', same@'%'")
  await dumped?.[Symbol.asyncDispose]()
  dumped = await dump(settingsFor(source))
})
afterAll(async () => {
  await dumped?.[Symbol.asyncDispose]()
  await Promise.all([source?.stop(), target?.stop()])
})

async function shopExists(): Promise<boolean> {
  const connection = await target.connect()
  const [rows] = (await connection.query("SHOW DATABASES LIKE 'shop'")) as any
  await connection.end()
  return rows.length > 0
}

test('without --apply nothing is touched and the runbook says what to do', async () => {
  const report = await mysql.restore(dumped.input, {
    signal: new AbortController().signal,
    concurrency: 1,
    warn: () => {},
    progress: () => {},
    now: () => new Date(),
  })
  expect(report.applied).toBe(false)
  expect(report.runbook).toMatch(/^# Restore of MariaDB 10\.11/)
  expect(report.runbook).toMatch(/Binary log position of that moment: binlog\.000001, offset \d+/)
  expect(report.runbook).toContain('load server/accounts.sql')
})

test('a file that was cut off is found before anything is changed', async () => {
  const rows = dumped.input.files.find(({ role }) => role === 'data')!
  await truncate(join(dumped.directory, rows.name), rows.size - 1)
  expect(await failureOf(applyTo(target, dumped))).toMatch(
    /^artefact-incomplete: shop\.orders\.00000\.sql does not end as a backup of MySQL ends: it was cut off/,
  )
  expect(await shopExists()).toBe(false)
})

test.each([
  ['MySQL 8.0.36', /restore-target-version: The target is MariaDB .*the backup is of MySQL 8\.0\.36/],
  ['MariaDB 11.4.2-MariaDB', /restore-target-version: .*older than the source.*MariaDB 11\.4\.2/],
])('a backup of %s is refused by this server, before anything is changed', async (engineVersion, expected) => {
  const [snapshot] = dumped.input.snapshots
  const input = { ...dumped.input, snapshots: [{ ...snapshot!, engineVersion }] }
  expect(await failureOf(applyTo(target, { ...dumped, input }))).toMatch(expected)
  expect(await shopExists()).toBe(false)
})

test('a statement that the target refuses is named by its file and number', async () => {
  const { name } = dumped.input.files.find(({ role }) => role === 'data')!
  const path = join(dumped.directory, name)
  const text = await readFile(path, 'latin1')
  await writeFile(path, text.replace(/\(20000,/, '(1,'), 'latin1')
  const files = dumped.input.files.map(file => ({ ...file, size: file.name === name ? text.length - 4 : file.size }))
  const failure = await failureOf(applyTo(target, { ...dumped, input: { ...dumped.input, files } }))
  expect(failure).toMatch(
    /^restore-statement-refused: The target refuses statement \d+ of shop\.orders\.00000\.sql: error 1062: Duplicate entry/,
  )
})

test('an account that is there already stays; only one that differs is worth a warning', async () => {
  await target.execute("CREATE USER app@'%' IDENTIFIED BY 'another'", "CREATE USER same@'%' IDENTIFIED BY 'one'")
  const { warnings } = await applyTo(target, dumped)
  expect(warnings).toEqual([expect.stringMatching(/^account-differs: the target has `app`@`%` already/)])
  const connection = await target.connect()
  const [[row]] = (await connection.query(
    "SELECT authentication_string = PASSWORD('another') AS kept FROM mysql.user WHERE User = 'app'",
  )) as any
  expect(row.kept).toBe(1)
  await connection.end()
})

test('a target account without the rights is told which, before anything is changed', async () => {
  await target.execute("CREATE OR REPLACE USER weak@'%' IDENTIFIED BY 'w'", "GRANT SELECT, INSERT ON *.* TO weak@'%'")
  expect(await failureOf(applyTo(target, dumped, { user: 'weak', password: 'w' }))).toMatch(
    /^restore-target-right: .*`weak`@`%`.*lacks the right CREATE, ALTER, .*GRANT ALL PRIVILEGES/,
  )
  expect(await shopExists()).toBe(false)
})

test('a wrong password of the target is told as such', async () => {
  expect(await failureOf(applyTo(target, dumped, { user: 'weak', password: 'no' }))).toMatch(/^mysql-login-refused: /)
})

test('an abort ends the load soon', async () => {
  const abort = new AbortController()
  const applying = mysql.restore(
    { ...dumped.input, apply: { target: `mysql://root@127.0.0.1:${target.port}` } },
    {
      signal: abort.signal,
      concurrency: 2,
      warn: () => {},
      progress: done => done > 1_000_000 && abort.abort(new Error('enough')),
      now: () => new Date(),
    },
  )
  expect(await failureOf(applying)).toContain('enough')
})

test('what the target refuses of the server’s own definitions is said, and costs nothing else', async () => {
  const elsewhere =
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', PASSWORD 'secret of another server')"
  await source.execute(elsewhere)
  await target.execute(elsewhere)
  try {
    await using withServer = await dump(settingsFor(source))
    const { warnings, applied } = await applyTo(target, withServer)
    expect(applied).toBe(true)
    expect(warnings).toEqual([
      expect.stringMatching(/^server-object-refused: server\/objects\.sql, statement 7: CREATE SERVER `elsewhere`/),
    ])
    expect(warnings.join()).not.toContain('secret')
  } finally {
    await source.execute('DROP SERVER elsewhere')
    await target.execute('DROP SERVER elsewhere')
  }
})
