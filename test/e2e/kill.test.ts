import { afterAll, beforeAll, expect, test } from 'vitest'
import { long, seed, times } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import { lastJson } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillIncompressible, fillShop } from './shop.ts'

let customer: Customer
let undisturbed: number

beforeAll(async () => {
  customer = await newCustomer({ stagingMaxBytes: '96MiB' })
  await fillShop(customer.database)
  await fillIncompressible(customer.database, 64)
  const started = performance.now()
  await customer.backup()
  undisturbed = performance.now() - started
})
afterAll(() => customer?.close())

test(`the uploader killed at ${times(20)} random moments never leaves an incomplete snapshot, and the next run succeeds`, async () => {
  const random = seeded(seed)
  for (let round = 0; round < times(20); round++) {
    const delay = random() * undisturbed
    const killed = await customer.failsafe(['backup', 'shop', '--json'], {
      onStart: child => setTimeout(() => child.kill('SIGKILL'), delay),
    })
    const before = await snapshots(customer)
    if (killed.signal !== 'SIGKILL') expect(killed.code).toBe(0) // it was done before its time came
    if (long || round === times(20) - 1)
      for (const snapshot of before.slice(0, 1)) await expectSound(customer, snapshot)

    const next = await customer.failsafe(['backup', 'shop', '--json'])
    const said = `after a kill at ${Math.round(delay)} ms: ${next.stdout}${next.stderr}`
    const warnings = (lastJson(next).warnings as { code: string }[]).map(({ code }) => code)
    expect(
      warnings.filter(code => code !== 'earlier-run'),
      said,
    ).toEqual([])
    expect(next.code, said).toBe(warnings.length === 0 ? 0 : 3) // 3: done, and the administrator learns of the killed run
    const after = await snapshots(customer)
    expect(after.length).toBe(before.length + 1)
    expect(after.slice(1)).toEqual(before)
    expect(after[0]).toBe(lastJson(next).snapshot)
    await expectSound(customer, after[0]!)
  }
  expect(await lockedSessions(customer)).toBe(0)
}, 600_000)

async function snapshots(of: Customer): Promise<string[]> {
  const listed = await of.failsafe(['list', 'shop', '--json'])
  expect(listed.code, listed.stderr).toBe(0)
  return (lastJson(listed).snapshots as { snapshot: string }[]).map(({ snapshot }) => snapshot)
}

async function expectSound(of: Customer, snapshot: string): Promise<void> {
  const verified = await of.failsafe(['verify', snapshot, '--identity', of.kit, '--json'])
  expect(verified.code, verified.stdout + verified.stderr).toBe(0)
}

/** Sessions of the backup user that a killed run left behind on the server. */
async function lockedSessions(of: Customer): Promise<number> {
  const connection = await of.database.connect()
  const [rows] = (await connection.query(
    `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'backup'`,
  )) as any
  await connection.end()
  return Number(rows[0].n)
}
