import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, startDatabase } from '../support/database.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

let customer: Customer
beforeAll(async () => {
  customer = await newCustomer()
})
afterAll(() => customer?.close())

const accounts = 200
const openingSum = accounts * 1000

test('a backup taken while others transfer money restores to a moment at which no money was missing', async () => {
  const { database } = customer
  await fillShop(database)
  await database.execute(
    'CREATE DATABASE bank',
    'USE bank',
    'CREATE TABLE bank.accounts (id INT PRIMARY KEY, amount BIGINT NOT NULL)',
    'CREATE TABLE bank.journal (id BIGINT AUTO_INCREMENT PRIMARY KEY, a INT, b INT, amount INT)',
    `INSERT INTO bank.accounts SELECT seq, 1000 FROM seq_1_to_${accounts}`,
  )
  const writers = startWriters(database, 3)
  const summary = await customer.backup().finally(() => writers.stop())
  expect(await writers.transfers()).toBeGreaterThan(10)

  const second = await startDatabase()
  try {
    const restored = await customer.failsafe([
      ...['restore', 'shop', '--snapshot', summary.snapshot, '--to', join(customer.directory, 'out')],
      ...['--identity', customer.kit, '--apply', '--target', `mysql://root@127.0.0.1:${second.port}`],
    ])
    expect(restored.code, restored.stderr).toBe(0)
    const connection = await second.connect('bank')
    const [[sum]] = (await connection.query('SELECT SUM(amount) AS sum FROM accounts')) as any
    // Every transfer is one transaction over both tables: the journal must explain every balance.
    const [wrong] = (await connection.query(
      `SELECT id FROM accounts JOIN (SELECT seq, 1000 - COALESCE((SELECT SUM(amount) FROM journal WHERE a = seq), 0)
         + COALESCE((SELECT SUM(amount) FROM journal WHERE b = seq), 0) AS should FROM seq_1_to_${accounts}) x ON x.seq = id WHERE amount <> should`,
    )) as any
    await connection.end()
    expect(Number(sum.sum)).toBe(openingSum)
    expect(wrong).toEqual([])
  } finally {
    await second.stop()
  }
})

function startWriters(database: Database, count: number) {
  let running = true
  let transfers = 0
  const work = Promise.all(
    Array.from({ length: count }, async (_, writer) => {
      const connection = await database.connect('bank')
      for (let n = 0; running; n++) {
        const [a, b] = [1 + ((n * 7 + writer) % accounts), 1 + ((n * 13 + writer * 5 + 1) % accounts)]
        if (a === b) continue
        const amount = 1 + (n % 9)
        try {
          await connection.query('START TRANSACTION')
          await connection.query('UPDATE accounts SET amount = amount - ? WHERE id = ?', [amount, a])
          await connection.query('UPDATE accounts SET amount = amount + ? WHERE id = ?', [amount, b])
          await connection.query('INSERT INTO journal (a, b, amount) VALUES (?, ?, ?)', [a, b, amount])
          await connection.query('COMMIT')
          transfers++
        } catch (error) {
          if ((error as { code?: string }).code !== 'ER_LOCK_DEADLOCK') throw error
          await connection.query('ROLLBACK')
        }
      }
      await connection.end()
    }),
  )
  return {
    async stop() {
      running = false
      await work
    },
    transfers: async () => transfers,
  }
}
