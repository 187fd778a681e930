import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillIncompressible, fillShop } from './shop.ts'

/** What the customer's host may hold while it backs up and afterwards: promises 1, 2 and 5. */
let customer: Customer
const marker = 'PLAINTEXT-MARKER-7f3a'
const partSize = 16 * 1024 * 1024
const budget = 80 * 1024 * 1024

beforeAll(async () => {
  customer = await newCustomer({ stagingMaxBytes: '80MiB' })
  await fillShop(customer.database)
  await fillIncompressible(customer.database, 320)
  await customer.database.execute(
    'USE bulk',
    `CREATE TABLE bulk.marked AS SELECT seq AS id, CONCAT('${marker}', seq) AS text FROM seq_1_to_50000`,
  )
})
afterAll(() => customer?.close())

test('a database four times larger than the staging budget is backed up, staging stays within it and never holds plaintext', async () => {
  let most = 0
  let looked = 0
  let leaked = false
  let watching = true
  const watcher = (async () => {
    while (watching) {
      const files = await filesBelow(customer.staging)
      most = Math.max(
        most,
        files.reduce((sum, file) => sum + file.size, 0),
      )
      for (const file of files) if (await contains(file.path, marker)) leaked = true
      looked++
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  const summary = await customer.backup().finally(() => {
    watching = false
  })
  await watcher
  expect(looked).toBeGreaterThan(5)
  expect(summary.bytes.sealed).toBeGreaterThan(4 * budget)
  expect(most).toBeGreaterThan(partSize)
  expect(most).toBeLessThanOrEqual(budget + 1024 * 1024) // the journal beside the parts
  expect(leaked).toBe(false)
  expect(await filesBelow(customer.staging)).toEqual([])
})

test('the peak memory of the uploader stays within 128 MiB', async () => {
  const summary = await customer.backup()
  expect(summary.peakRssBytes).toBeLessThanOrEqual(128 * 1024 * 1024 + 3 * 1024 * 1024) // and three times the largest row
})

test('the host keeps no key that opens a backup, no customer key and no storage credential', async () => {
  const kit = await readFile(customer.kit, 'utf8')
  const secrets = [
    kit.match(/^AGE-SECRET-KEY-\S+$/m)![0],
    kit.match(/^# customer-key: (\S+)$/m)![1]!,
    customer.cloud.admin.secretAccessKey,
  ]
  const files = [
    ...(await filesBelow(customer.state)),
    ...(await filesBelow(customer.staging)),
    { path: customer.configFile, size: 0 },
  ]
  expect(files.length).toBeGreaterThan(1)
  for (const { path } of files) {
    const text = await readFile(path, 'latin1')
    for (const secret of secrets) expect(text.includes(secret), `${path} holds a secret`).toBe(false)
    expect(text).not.toMatch(/AGE-SECRET-KEY|aws_?secret|X-Amz-Signature/i)
  }
})

test('nothing that the host keeps is accepted by S3', async () => {
  const state = JSON.parse(await readFile(join(customer.state, 'agent.json'), 'utf8'))
  for (const [id, secret] of [
    [state.agent, state.key.d],
    [state.key.x, state.key.d],
  ]) {
    const answer = await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--aws-sigv4',
      'aws:amz:us-east-1:s3',
      '--user',
      `${id}:${secret}`,
      customer.cloud.s3Url,
    ])
    expect(answer.stdout).toBe('403')
  }
})

test('what the host keeps is readable by its owner alone', async () => {
  for (const { path } of await filesBelow(customer.state)) expect((await stat(path)).mode & 0o077, path).toBe(0)
})

async function filesBelow(directory: string): Promise<{ path: string; size: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const sized = await Promise.all(
    files.map(async path => ({ path, size: (await stat(path).catch(() => null))?.size ?? 0 })),
  )
  return sized
}

async function contains(path: string, text: string): Promise<boolean> {
  return readFile(path, 'latin1').then(
    content => content.includes(text),
    () => false, // sent and removed between listing and looking
  )
}
