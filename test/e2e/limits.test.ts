import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProxy } from '../network/servers.ts'
import { lastJson } from '../support/run.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillIncompressible } from './shop.ts'

let customer: Customer
beforeAll(async () => {
  customer = await newCustomer({ stagingMaxBytes: '96MiB' })
  await fillIncompressible(customer.database, 40)
})
afterAll(() => customer?.close())

test('the built binary goes through the proxy of its configuration, politely, and no faster than it may', async () => {
  await using proxy = await startProxy({ credentials: 'backup:p w' })
  const passwordFile = join(customer.directory, 'proxy.pw')
  await writeFile(passwordFile, 'p w\n', { mode: 0o600 })
  await appendFile(
    customer.configFile,
    [
      `network: { proxy: { url: ${proxy.url}, user: backup, passwordFile: ${passwordFile} } }`,
      'upload: { maxBytesPerSecond: 5MB }',
      'nice: 15',
      '',
    ].join('\n'),
  )
  const priorities = new Set<number>()
  let looking: NodeJS.Timeout | undefined
  const finished = await customer.failsafe(['backup', 'shop', '--json'], {
    onStart: ({ pid }) => {
      looking = setInterval(async () => {
        const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
        if (proxy.asked.some(asked => asked.startsWith('PUT')))
          for (const thread of threads) priorities.add(await niceOf(`/proc/${pid}/task/${thread}/stat`))
      }, 200)
    },
  })
  clearInterval(looking)
  expect(finished.code, finished.stdout + finished.stderr).toBe(0)
  const { bytes, seconds } = lastJson(finished)
  expect(bytes.sealed).toBeGreaterThan(40_000_000)
  expect(bytes.sent / seconds).toBeLessThan(5_250_000)
  expect(proxy.asked.filter(asked => asked.startsWith('PUT')).length).toBeGreaterThanOrEqual(3)
  expect(proxy.asked.filter(asked => asked.includes('/commit')).length).toBeGreaterThanOrEqual(1)
  priorities.delete(Number.NaN)
  expect([...priorities]).toEqual([15])

  // What it has learnt of its pace holds a plan to it.
  const text = await readFile(customer.configFile, 'utf8')
  await writeFile(customer.configFile, text.replace('    engine: mysql', '    engine: mysql\n    maxHold: 1s'))
  const [note] = await readdir(join(customer.state, 'pace'))
  const path = join(customer.state, 'pace', note!)
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), sealedShare: 100 }))
  const refused = await customer.failsafe(['backup', 'shop', '--mode', 'full', '--json'])
  expect(refused.code, refused.stdout).toBe(2)
  expect(lastJson(refused)).toMatchObject({ type: 'error', code: 'hold-too-long' })
})

/** NaN for a thread that has ended. */
async function niceOf(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return Number(text.replace(/^.*\) /s, '').split(' ')[16])
}
