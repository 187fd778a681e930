import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Finished, lastJson, run, runOk } from '../support/run.ts'
import { failsafeBinary } from './binary.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

let customer: Customer
/** Made first, so that they have expired when the last test comes; a minute is the shortest life there is. */
let expiring: { link: string; token: string; dead: number }

beforeAll(async () => {
  customer = await newCustomer()
  await fillShop(customer.database, 2_000)
  await customer.backup()
  expiring = {
    link: lastJson(await customer.failsafe(['link', 'shop', '--expires', '1m', '--json'])).url,
    token: await customer.newEnrolToken('--expires', '1m'),
    dead: Date.now() + 61_000,
  }
})
afterAll(() => customer?.close())

/** One clear line, the documented exit code, no stack trace; and the same in JSON. */
function expectClear(finished: Finished, code: number, ...words: (string | RegExp)[]) {
  const said = finished.stderr.trim()
  expect(finished.code, said + finished.stdout).toBe(code)
  expect(said).not.toMatch(/^\s+at |node:internal|\[object/m)
  for (const word of words) expect(said).toMatch(word)
  expect(said.split('\n').at(-1)!.length).toBeGreaterThan(20)
}

let numbered = 0
async function withConfig(change: (yaml: string) => string, args: string[], mode = 0o600) {
  const file = join(customer.directory, `changed-${++numbered}.yaml`)
  await writeFile(file, change(await readFile(customer.configFile, 'utf8')))
  await chmod(file, mode)
  return run(failsafeBinary, [...args, '--config', file])
}

test('an unknown configuration key is refused with its path and line', async () => {
  const finished = await withConfig(yaml => `${yaml}uplaod: { concurrency: 2 }\n`, ['backup', 'shop'])
  expectClear(finished, 2, 'uplaod', /line 7/)
})

test('a bad value is refused with its path and line', async () => {
  const finished = await withConfig(yaml => yaml.replace('512MiB', 'plenty'), ['backup', 'shop'])
  expectClear(finished, 2, 'staging.maxBytes', /line 2/)
})

test('a source that is not configured is named, with the ones that are', async () => {
  expectClear(await customer.failsafe(['backup', 'shpo']), 2, 'shpo', 'shop')
})

test('a wrong database password is said, and where it came from', async () => {
  const wrong = join(customer.directory, 'wrong.pw')
  await writeFile(wrong, 'nope', { mode: 0o600 })
  const finished = await withConfig(
    yaml => yaml.replace(/passwordFile: \S+/, `passwordFile: ${wrong}`),
    ['backup', 'shop'],
  )
  expectClear(finished, 1, /password|access denied/i, 'backup')
})

test('a database that does not answer is said with its address', async () => {
  const finished = await withConfig(yaml => yaml.replace(/port: \d+/, 'port: 1'), ['backup', 'shop'])
  expectClear(finished, 1, '127.0.0.1', /\b1\b/)
})

test('a receiver that does not answer is said with its address', async () => {
  const elsewhere = join(customer.directory, 'elsewhere')
  await mkdir(elsewhere)
  const state = JSON.parse(await readFile(join(customer.state, 'agent.json'), 'utf8'))
  state.receiver.url = 'http://127.0.0.1:9'
  await writeFile(join(elsewhere, 'agent.json'), JSON.stringify(state), { mode: 0o600 })
  const finished = await withConfig(yaml => yaml.replace(/state: .*/, `state: { dir: ${elsewhere} }`), ['list'])
  expectClear(finished, 1, '127.0.0.1:9')
})

test('a host that is not enrolled is told to enrol', async () => {
  const finished = await withConfig(
    yaml => yaml.replace(/state: .*/, `state: { dir: ${join(customer.directory, 'nowhere')} }`),
    ['backup', 'shop'],
  )
  expectClear(finished, 5, /enrol/)
})

test('a used and an unknown enrolment token are refused alike', async () => {
  const token = await customer.newEnrolToken()
  const other = join(customer.directory, 'other-state')
  const enrol = (address: string, directory: string) =>
    withConfig(
      yaml => yaml.replace(/state: .*/, `state: { dir: ${directory} }`),
      ['enrol', address, '--recovery-kit', customer.kit],
    )
  expect((await enrol(token, other)).code).toBe(0)
  expectClear(await enrol(token, join(customer.directory, 's2')), 5, /token/)
  expectClear(await enrol(`${token.slice(0, -6)}AAAAAA`, join(customer.directory, 's3')), 5, /token/)
})

test('enrolling twice on one host says so and changes nothing', async () => {
  const before = await readFile(join(customer.state, 'agent.json'), 'utf8')
  const again = await customer.failsafe(['enrol', await customer.newEnrolToken(), '--recovery-kit', customer.kit])
  expect(again.code).not.toBe(0)
  expect(await readFile(join(customer.state, 'agent.json'), 'utf8')).toBe(before)
})

test('staging that cannot be written is said with its path', async () => {
  const finished = await withConfig(yaml => yaml.replace(customer.staging, '/proc/staging'), ['backup', 'shop'])
  expectClear(finished, 1, '/proc/staging')
})

test('staging that is too small for one run says which size would do', async () => {
  expectClear(await withConfig(yaml => yaml.replace('512MiB', '20MiB'), ['backup', 'shop']), 2, /MiB/)
})

test('staging that fills up ends the run with a clear line, and the next run with room succeeds', async () => {
  const small = join(customer.directory, 'small')
  await mkdir(small)
  await runOk('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', small])
  try {
    expectClear(await withConfig(yaml => yaml.replace(customer.staging, small), ['backup', 'shop']), 1, /full|space/)
  } finally {
    await runOk('umount', [small])
  }
  expect((await customer.failsafe(['backup', 'shop'])).code).toBe(0)
})

test('an unknown link is refused', async () => {
  const made = lastJson(await customer.failsafe(['link', 'shop', '--json']))
  const to = ['--to', join(customer.directory, 'x'), '--identity', customer.kit]
  expectClear(await customer.failsafe(['restore', `${made.url.slice(0, -4)}AAAA`, ...to]), 5, /link/)
})

test('a link that is used up is refused', async () => {
  const made = lastJson(await customer.failsafe(['link', 'shop', '--uses', '1', '--json']))
  const restore = (name: string) =>
    customer.failsafe(['restore', made.url, '--to', join(customer.directory, name), '--identity', customer.kit])
  expect((await restore('first')).code).toBe(0)
  expectClear(await restore('second'), 5, /link/)
})

test('an unknown option and a missing argument end with the usage code', async () => {
  expect((await customer.failsafe(['backup', 'shop', '--frobnicate'])).code).toBe(2)
  expect((await customer.failsafe(['backup'])).code).toBe(2)
})

test('a wrong identity says that it does not open this backup', async () => {
  const strange = join(customer.directory, 'strange.txt')
  const { stdout } = await runOk('age-keygen', [])
  await writeFile(strange, stdout, { mode: 0o600 })
  const finished = await customer.failsafe(['verify', 'shop', '--identity', strange])
  expectClear(finished, 1, /identity|kit/)
})

test('with --json an error is one object with code, what, why and what to do', async () => {
  const finished = await customer.failsafe(['backup', 'shpo', '--json'])
  expect(finished.code).toBe(2)
  const error = lastJson(finished)
  expect(error.type).toBe('error')
  expect(error.code).toBeTypeOf('string')
  expect(error.message).toContain('shpo')
})

test('a link and an enrolment token are refused once they have expired', async () => {
  await new Promise(resolve => setTimeout(resolve, Math.max(0, expiring.dead - Date.now())))
  const to = ['--to', join(customer.directory, 'late'), '--identity', customer.kit]
  expectClear(await customer.failsafe(['restore', expiring.link, ...to]), 5, /link/, /expired/)
  const enrolled = await withConfig(
    yaml => yaml.replace(/state: .*/, `state: { dir: ${join(customer.directory, 'late-state')} }`),
    ['enrol', expiring.token, '--recovery-kit', customer.kit],
  )
  expectClear(enrolled, 5, /token/, /expired/)
}, 120_000)
