import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareServers } from '../support/compare-servers.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { lastJson } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

let customer: Customer
let second: Database
let summary: Record<string, any>
let link: string

beforeAll(async () => {
  customer = await newCustomer()
  second = await startDatabase()
  await fillShop(customer.database)
  summary = await customer.backup()
})
afterAll(async () => {
  await second?.stop()
  await customer?.close()
})

test('a backup with the built binary says what it did, step by step, and what can be restored', () => {
  expect(summary).toMatchObject({
    type: 'summary',
    source: 'shop',
    engine: 'mysql',
    kind: 'full',
    promoted: null,
    warnings: [],
  })
  expect(summary.steps.length).toBeGreaterThanOrEqual(4)
  expect(summary.bytes.source).toBeGreaterThan(1_000_000)
  expect(summary.bytes.sent).toBeGreaterThan(0)
  expect(summary.bytes.resent).toBe(0)
  expect(Date.parse(summary.restorable.to)).toBeLessThanOrEqual(Date.now() + 1000)
})

test('the steps appear numbered and in plain words for a person', async () => {
  const finished = await customer.failsafe(['backup', 'shop'])
  expect(finished.code).toBe(0)
  const steps: string[] = summary.steps.map((step: unknown) => (typeof step === 'string' ? step : (step as any).text))
  for (const [index, text] of steps.entries()) expect(finished.stderr).toContain(`${index + 1}. ${text}`)
})

test('list and show name the committed snapshot', async () => {
  const list = lastJson(await customer.failsafe(['list', 'shop', '--json']))
  expect(JSON.stringify(list)).toContain(summary.snapshot)
  const show = lastJson(await customer.failsafe(['show', summary.snapshot, '--identity', customer.kit, '--json']))
  expect(JSON.stringify(show)).toContain('.sql')
})

test('verify without the identity proves what is stored, with it opens everything, and the proof is in the catalogue', async () => {
  expect((await customer.failsafe(['verify', summary.snapshot])).code).toBe(0)
  const opened = await customer.failsafe(['verify', summary.snapshot, '--identity', customer.kit, '--json'])
  expect(opened.code).toBe(0)
  const show = await customer.failsafe(['show', summary.snapshot, '--json'])
  expect(show.stdout).toContain('opened')
})

test('the recovery kit proves that it opens the newest snapshot', async () => {
  expect((await customer.failsafe(['kit', 'check', '--identity', customer.kit])).code).toBe(0)
})

test('restored through a link by someone who has only the link and the kit, the second server equals the first', async () => {
  const made = await customer.failsafe(['link', 'shop', '--json'])
  expect(made.code).toBe(0)
  link = lastJson(made).url
  const to = join(customer.directory, 'restored')
  const target = `mysql://root@127.0.0.1:${second.port}`
  const restored = await customer.failsafe([
    'restore',
    link,
    '--snapshot',
    summary.snapshot,
    '--to',
    to,
    '--identity',
    customer.kit,
    '--apply',
    '--target',
    target,
    '--json',
  ])
  expect(restored.stderr + restored.stdout).not.toContain('AGE-SECRET-KEY')
  expect(restored.code, restored.stdout + restored.stderr).toBe(0)
  expect(lastJson(restored)).toMatchObject({ type: 'summary', verified: true, applied: true })
  expect(await readFile(join(to, 'RESTORE.md'), 'utf8')).toContain('mysql')
  expect(await compareServers(customer.database, second)).toEqual([])
})

test('restoring again into the same directory overwrites nothing', async () => {
  const to = join(customer.directory, 'restored')
  const again = await customer.failsafe(['restore', 'shop', '--to', to, '--identity', customer.kit, '--json'])
  expect(again.code).not.toBe(0)
  expect(lastJson(again).type).toBe('error')
})
