import { readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { contentOf, WindowsServer } from '../doubles/windows/server.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { long, within } from '../support/counts.ts'
import { type Finished, lastJson } from '../support/run.ts'
import { type Host, newHost } from './customer.ts'

/** The built binary with the stand-ins for Windows: what they refuse and how they fail is what is documented, not what a real server did. */
let cloud: TestCloud
let storage: 'works' | 'takes nothing' = 'works'
let server: WindowsServer
let host: Host

beforeAll(async () => {
  cloud = await startTestCloud({
    intercept: ({ method, url }): Fault | undefined =>
      storage === 'takes nothing' && method === 'PUT' && url?.includes('partNumber')
        ? { kind: 'error', status: 503, code: 'SlowDown' }
        : undefined,
  })
}, 120_000)
afterAll(() => cloud?.close())
afterEach(async () => {
  storage = 'works'
  await host.close()
  server[Symbol.dispose]()
})

async function start(source: string[] = [], systemState = 'false') {
  server = new WindowsServer()
  server.addDatabase('Sales')
  server.write('Sales', { anna: 'hello' }, { logs: 4 })
  host = await newHost({ cloud }, async () => ['engine: exchange', `systemState: ${systemState}`, ...source])
}

const backup = (mode: string, env: Record<string, string> = {}): Promise<Finished> =>
  host.failsafe(['backup', 'shop', '--mode', mode, '--json'], { env: { ...server.env, ...env } })

async function taken(mode: string): Promise<Record<string, any>> {
  const finished = await backup(mode)
  expect(lastJson(finished), finished.stdout + finished.stderr).toMatchObject({ type: 'summary' })
  return lastJson(finished)
}

const untouched = () => ({ truncated: server.truncated, lastFull: server.database('Sales').lastFull })
const nothing = { truncated: {}, lastFull: null }

test('a full, ten log runs, and back into a clean database that is what the server had', {
  timeout: 180_000,
}, async () => {
  await start([], '{ target: "S:" }')
  const full = await taken('full')
  expect(full).toMatchObject({ kind: 'full', promoted: null, warnings: [{ code: 'active-directory-elsewhere' }] })
  expect(full.peakRssBytes).toBeLessThan(128 * 1024 ** 2)
  expect(full.steps.map((step: string) => step.split(/[ ,]/)[0])).toEqual(['Look', 'Have', 'Have', 'Read', 'When'])
  expect(server.truncated.Sales).toBeGreaterThan(0)
  for (let run = 0; run < 10; run++) {
    server.write('Sales', { [`mail ${run}`]: 'x', last: String(run) }, { logs: run % 3 })
    expect(await taken('log')).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
  }
  server.write('Sales', {}, { logs: 1 })
  await taken('log')
  expect(server.scripts).toHaveLength(1)
  expect(server.world.shadows).toEqual([])

  const to = join(host.directory, 'restored')
  const rdb = join(host.directory, 'rdb')
  const restored = await host.failsafe(
    ['restore', 'shop', '--to', to, '--identity', host.kit, '--apply', '--target', `file://${rdb}`, '--json'],
    { env: server.env },
  )
  expect(restored.code, restored.stdout + restored.stderr).toBe(0)
  expect(lastJson(restored)).toMatchObject({ applied: true, warnings: [] })
  expect(JSON.parse(contentOf(await readFile(join(rdb, 'Sales/db/Sales.edb'))))).toEqual(
    server.database('Sales').content,
  )
  expect(await readFile(join(to, 'RESTORE.md'), 'utf8')).toContain('wbadmin start systemstaterecovery')
  expect((await readdir(join(to, '0001-full', 'system-state', 'WindowsImageBackup'))).length).toBe(1)
})

const steps = [
  'before begin',
  'after add',
  'before create',
  'after create',
  'after expose',
  'before exec',
  'before end',
  'after end',
  'after delete',
]
/** Who dies at which step of diskshadow's script: the run, diskshadow, or both as in a power cut. */
const kills = long
  ? ['parent', 'both', 'self'].flatMap(who => steps.map(step => [who, step] as const))
  : ([
      ['parent', 'after create'],
      ['parent', 'after end'],
      ['both', 'after create'],
      ['both', 'after expose'],
      ['self', 'before exec'],
    ] as const)

test('the run is killed at each step of the script, with and without diskshadow: the next one leaves nothing behind, and nothing is truncated that is not safe', {
  timeout: 600_000,
}, async () => {
  await start()
  for (const [who, step] of kills) {
    const before = untouched()
    const died = await backup('full', { FAILSAFE_TEST_KILL: `${who} ${step}` })
    const where = `${who} ${step}: ${died.stdout}${died.stderr}`
    if (who !== 'self') expect(died.signal, where).toBe('SIGKILL')
    // The end of the backup comes after the commit, or after all was staged: else nothing was truncated.
    if (!/^(after end|before delete|after delete)$/.test(step)) expect(untouched(), where).toEqual(before)
    const summary = await taken('full')
    const codes = summary.warnings.map(({ code }: { code: string }) => code)
    // A run that outlives diskshadow has cleaned up itself.
    expect(codes, where).toEqual(who === 'self' ? [] : expect.arrayContaining(['earlier-run']))
    expect(server.world.shadows, where).toEqual([])
    expect(await readdir(server.local('P:\\')).catch(() => 'gone'), where).toBe('gone')
    server.write('Sales', { [step]: who }, { logs: 3 })
  }
})

test('the hook is killed while it is held: the run fails, and nothing was truncated', async () => {
  await start()
  server.change(world => {
    world.faults = { hookKilled: true }
  })
  storage = 'takes nothing'
  const running = backup('full')
  const finished = await Promise.race([running, new Promise<undefined>(resolve => setTimeout(resolve, 3000))])
  storage = 'works'
  const ended = finished ?? (await running)
  // What was staged when the hook died is whole: it is committed, and Exchange is said not to have been told.
  const summary = lastJson(ended)
  expect(untouched()).toEqual(nothing)
  expect(server.world.shadows).toEqual([])
  expect(['error', 'summary']).toContain(summary.type)
  if (summary.type === 'summary') expect(summary.warnings).not.toEqual([])
})

/** What the runs of this host have journalled so far. */
async function journals(): Promise<string> {
  const names = await readdir(host.staging, { recursive: true }).catch(() => [])
  const texts = names
    .filter(name => name.endsWith('journal'))
    .map(name => readFile(join(host.staging, name), 'utf8').catch(() => '')) // one may go while we look
  return (await Promise.all(texts)).join()
}

test('the run is killed while the hook is held and all is staged: the next one commits it, and nothing was truncated', {
  timeout: 120_000,
}, async () => {
  await start()
  storage = 'takes nothing'
  let child: { kill(signal: NodeJS.Signals): void } | undefined
  const running = host.failsafe(['backup', 'shop', '--mode', 'full', '--json'], {
    env: server.env,
    onStart: started => {
      child = started
    },
  })
  await expect.poll(journals, { timeout: 30_000 }).toContain('all-staged')
  child!.kill('SIGKILL')
  expect((await running).signal).toBe('SIGKILL')
  storage = 'works'
  server.write('Sales', { later: 'yes' }, { logs: 1 })
  const next = await backup('log')
  expect(next.code, next.stdout + next.stderr).toBe(3)
  const messages = lastJson(next).warnings.map(({ message }: { message: string }) => message)
  expect(messages.at(-1)).toContain('is complete')
  expect(messages.filter((message: string) => message.startsWith('The shadow copy'))).toHaveLength(2)
  expect(lastJson(next)).toMatchObject({ kind: 'log', promoted: null })
  expect(untouched()).toEqual(nothing)
  expect(server.world.shadows).toEqual([])
})

test('an upload slower than the limit: the backup of Exchange is ended with staging as the only copy, and committed later', {
  timeout: 120_000,
}, async () => {
  await start(['holdForCommit: 2s'])
  storage = 'takes nothing'
  const running = backup('full')
  await expect.poll(() => server.truncated.Sales ?? 0, { timeout: 30_000 }).toBeGreaterThan(0)
  storage = 'works'
  const finished = await running
  expect(finished.code, finished.stdout + finished.stderr).toBe(3)
  expect(lastJson(finished).warnings).toMatchObject([{ code: 'exchange-ended-early' }])
  expect(server.world.shadows).toEqual([])
})

test('an upload slower than the limit that fails: exit code 4, staging is kept, and the next run sends it first', {
  timeout: 120_000,
}, async () => {
  await start(['holdForCommit: 1s'])
  storage = 'takes nothing'
  let child: { kill(signal: NodeJS.Signals): void } | undefined
  const running = host.failsafe(['backup', 'shop', '--mode', 'full', '--json'], {
    env: server.env,
    onStart: started => {
      child = started
    },
  })
  await expect.poll(() => server.truncated.Sales ?? 0, { timeout: 30_000 }).toBeGreaterThan(0)
  child!.kill('SIGTERM')
  const failed = await running
  expect(failed.code, failed.stdout + failed.stderr).toBe(4)
  expect(lastJson(failed)).toMatchObject({ type: 'error', code: 'failed-source-advanced', exit: 4 })
  expect(server.world.shadows).toEqual([])
  const scripts = server.scripts.length
  storage = 'works'
  server.write('Sales', { later: 'yes' }, { logs: 1 })
  const next = await backup('log')
  expect(next.code, next.stdout + next.stderr).toBe(3)
  const summary = lastJson(next)
  expect(summary).toMatchObject({ kind: 'log', promoted: null, warnings: [{ code: 'earlier-run' }] })
  // The full of the failed run was committed, or the log would have nothing to go on from.
  expect(server.scripts).toHaveLength(scripts)
})

const GiB = 1024 ** 3
const size = long ? 200 * GiB : 2 * GiB

test(`a database of ${size / GiB} GiB: memory stays flat, and progress is right within a tenth`, {
  timeout: within(300_000),
}, async () => {
  server = new WindowsServer()
  // The stand-in writes no page of it anew then, so that it may be a file of holes.
  server.addDatabase('Large', { circular: true })
  await truncate(server.local('E:\\Large\\Large.edb'), size)
  host = await newHost({ cloud }, async () => ['engine: exchange', 'systemState: false'])
  const finished = await backup('full')
  expect(finished.code, finished.stdout.slice(-2000) + finished.stderr).toBe(0)
  const summary = lastJson(finished)
  expect(summary.peakRssBytes).toBeLessThan(128 * 1024 ** 2)
  expect(summary.bytes.source).toBeGreaterThanOrEqual(size)
  const progress = finished.stdout
    .split('\n')
    .filter(line => line.includes('"label":"sealed"'))
    .map(line => JSON.parse(line) as { done: number; total: number })
  expect(progress.length).toBeGreaterThan(0)
  for (const { total } of progress) expect(Math.abs(total - summary.bytes.source) / total).toBeLessThan(0.1)
  expect(progress.at(-1)!.done).toBeLessThanOrEqual(progress.at(-1)!.total * 1.1)
})
