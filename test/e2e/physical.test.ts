import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareServers } from '../support/compare-servers.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { lastJson, runOk } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillIncompressible, fillShop } from './shop.ts'

let database: Database
let customer: Customer

beforeAll(async () => {
  database = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  customer = await newCustomer({ database, source: ['method: physical'] })
  await fillShop(database, 2000)
  await fillIncompressible(database, 200)
})
afterAll(async () => {
  await customer?.close()
  await database?.stop()
})

const filesIn = (directory: string) => readdir(directory, { recursive: true })

/** Command lines of the backup program that copies for this customer. */
async function copying(): Promise<string[]> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter(name => /^\d+$/.test(name))
      .map(id => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')), // one may end while we look
  )
  return lines.filter(line => line.includes('--backup') && line.includes(customer.staging))
}

test('physical full, a kill in the middle, a differential, and back into a data directory, with the built binary', async () => {
  const full = await customer.backup()
  expect(full).toMatchObject({ kind: 'full', promoted: null, warnings: [], artefacts: 3 })
  expect(full.peakRssBytes).toBeLessThan(128 * 1024 ** 2)

  // What INSERT ... SELECT has reserved of a counter and not used, no server remembers when it starts.
  await database.execute(
    "INSERT INTO shop.customers (name) VALUES ('after the full')",
    "INSERT INTO shop.orders (customer, placed) VALUES (1, '2026-01-01')",
  )
  let killed = false
  let over = false
  await customer.failsafe(['backup', 'shop', '--mode', 'full', '--json'], {
    onStart: child => {
      const strike = async () => {
        while (!over && (await copying()).length === 0) await new Promise(resolve => setTimeout(resolve, 5))
        killed = !over
        child.kill('SIGKILL')
      }
      void strike()
    },
  })
  over = true
  expect(killed).toBe(true)
  await expect.poll(copying, { timeout: 20_000 }).toEqual([])

  const done = await customer.failsafe(['backup', 'shop', '--mode', 'differential', '--json'])
  const differential = lastJson(done)
  expect(differential, done.stderr).toMatchObject({
    kind: 'differential',
    promoted: null,
    warnings: [{ code: 'earlier-run' }],
  })
  expect(differential.bytes.sealed).toBeLessThan(full.bytes.sealed / 2)
  expect(await filesIn(customer.staging)).not.toContainEqual(expect.stringMatching(/scratch|login|part/))

  const to = join(customer.directory, 'restored')
  const server = join(customer.directory, 'server')
  const restored = await customer.failsafe([
    ...['restore', 'shop', '--to', to, '--identity', customer.kit],
    ...['--apply', '--target', `file://${server}/data`, '--json'],
  ])
  expect(restored.code, restored.stdout + restored.stderr).toBe(0)
  expect(lastJson(restored)).toMatchObject({ applied: true, warnings: [] })
  expect(await readFile(join(to, 'RESTORE.md'), 'utf8')).toContain('mariadb-backup --prepare')
  const again = await startDatabase({ directory: server })
  try {
    expect(await compareServers(database, again)).toEqual([])
  } finally {
    await again.stop()
  }
})

test('staging that fills up in the middle of the copy is what the run tells; the copy ends with it, and the next one succeeds', async () => {
  const full = ['backup', 'shop', '--mode', 'full', '--json']
  await mkdir(customer.staging, { recursive: true })
  await runOk('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', customer.staging])
  try {
    const refused = await customer.failsafe(full)
    expect(refused.code, refused.stdout).toBe(1)
    expect(lastJson(refused)).toMatchObject({ type: 'error', code: 'staging-full' })
    expect(await copying()).toEqual([])
  } finally {
    await runOk('umount', [customer.staging])
  }
  expect(lastJson(await customer.failsafe(full))).toMatchObject({ type: 'summary', kind: 'full', warnings: [] })
})
