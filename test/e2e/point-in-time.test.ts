import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeServer, differences, type ServerDescription } from '../support/compare-servers.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { lastJson } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

let database: Database
let target: Database
let customer: Customer

beforeAll(async () => {
  database = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  target = await startDatabase()
  customer = await newCustomer({ database })
  await fillShop(database, 2000)
})
afterAll(async () => {
  await Promise.all([target?.stop(), customer?.close()])
  await database?.stop()
})

async function describe(server: Database): Promise<ServerDescription> {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}

test('a customer gets back the moment before a mistake: full, logs, a link, and the kit, with the built binary', async () => {
  expect((await customer.backup()).kind).toBe('full')
  await database.execute("INSERT INTO shop.customers (name) VALUES ('after the full')")
  const first = await customer.backup()
  expect(first).toMatchObject({
    kind: 'log',
    requested: 'auto',
    promoted: null,
    warnings: [],
    units: [{ kind: 'log' }],
  })
  expect(first.artefacts).toBe(1)
  await database.execute(
    'UPDATE shop.orders SET total = total + 1 WHERE id < 100',
    'ALTER TABLE shop.nothing ADD COLUMN b INT DEFAULT 3',
    'INSERT INTO shop.nothing VALUES (1, 2)',
  )
  // MariaDB's log tells seconds apart, not more.
  await sleep(1100)
  const at = new Date().toISOString()
  const wanted = await describe(database)
  await sleep(1100)
  await database.execute('SET foreign_key_checks = 0', 'DROP DATABASE shop')
  const last = await customer.backup()
  expect(last.kind).toBe('log')
  expect(Date.parse(last.restorable.from)).toBeLessThan(Date.parse(at))
  expect(Date.parse(last.restorable.to)).toBeGreaterThan(Date.parse(at))

  const link = lastJson(await customer.failsafe(['link', 'shop', '--json'])).url
  const to = join(customer.directory, 'restored')
  const url = `mysql://root@127.0.0.1:${target.port}`
  const restored = await customer.failsafe([
    'restore',
    link,
    '--at',
    at,
    '--to',
    to,
    '--identity',
    customer.kit,
    '--apply',
    '--target',
    url,
    '--json',
  ])
  expect(restored.code, restored.stdout + restored.stderr).toBe(0)
  const summary = lastJson(restored)
  expect(summary).toMatchObject({ type: 'summary', applied: true, verified: true, warnings: [] })
  expect(summary.snapshots).toHaveLength(3)
  expect(summary.notes.at(-1)).toMatch(/^\d+ transactions replayed/)
  expect(differences(wanted, await describe(target))).toEqual([])
})

test('the place of the mistake can be named instead, and the runbook has the commands that stop before it', async () => {
  const connection = await database.connect()
  const [events] = (await connection.query("SHOW BINLOG EVENTS IN 'binlog.000002'")) as any
  await connection.end()
  const mistake = events.find((event: any) => event.Info.includes('DROP DATABASE'))
  const to = join(customer.directory, 'by-position')
  const before = `binlog.000002:${mistake.Pos}`
  const laid = await customer.failsafe([
    'restore',
    'shop',
    '--before',
    before,
    '--to',
    to,
    '--identity',
    customer.kit,
    '--json',
  ])
  expect(laid.code, laid.stdout + laid.stderr).toBe(0)
  const runbook = await readFile(join(to, 'RESTORE.md'), 'utf8')
  expect(runbook).toMatch(/First transaction that is not: begins at binlog\.000002:\d+/)
  expect(runbook).toMatch(/--start-position=\d+ --stop-position=\d+ \\\n {2}'0002-log\/binlog\.000001'/)
})

test('logs that the server has deleted make the next backup a full one, which says why', async () => {
  await database.execute('FLUSH BINARY LOGS', 'FLUSH BINARY LOGS', "PURGE BINARY LOGS TO 'binlog.000005'")
  const summary = await customer.backup()
  expect(summary).toMatchObject({ kind: 'full', requested: 'auto' })
  expect(summary.promoted).toMatch(/^the server has deleted binary log 3/)
})
