import { readFileSync } from 'node:fs'
import { appendFile, readdir, readFile, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { newUlid } from '../../shared/ids.ts'
import { Rate } from '../../uploader/output/rate.ts'
import { contentOf, WindowsServer } from '../doubles/windows/server.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { long, times, within } from '../support/counts.ts'
import { type Finished, lastJson } from '../support/run.ts'
import { type Host, newHost } from './customer.ts'

const MiB = 1024 ** 2

/** The built binary with the stand-ins for Windows: what they refuse and how they fail is what is documented, not what a real server did. */
let cloud: TestCloud
/** One for all tests: each has a source of its own. */
let host: Host
let storage: 'works' | 'takes nothing' = 'works'
let server: WindowsServer
let source: string

beforeAll(async () => {
  cloud = await startTestCloud({
    intercept: ({ method, url }): Fault | undefined =>
      storage === 'takes nothing' && method === 'PUT' && url?.includes('partNumber')
        ? { kind: 'error', status: 503, code: 'SlowDown' }
        : undefined,
  })
  host = await newHost({ cloud }, async () => ['engine: exchange', 'systemState: false'])
}, 120_000)
afterAll(async () => {
  await host?.close()
  await cloud?.close()
})
afterEach(() => {
  storage = 'works'
  server[Symbol.dispose]()
})

/** @param lines more of its source in the configuration */
async function start(
  lines: string[] = [],
  { systemState = 'false', database = 'Sales', circular = false, within = tmpdir() } = {},
) {
  server = new WindowsServer(undefined, undefined, within)
  server.addDatabase(database, { circular })
  source = `mail-${newUlid().toLowerCase()}`
  const entry = [
    `  ${source}:`,
    '    engine: exchange',
    `    systemState: ${systemState}`,
    ...lines.map(line => `    ${line}`),
  ]
  await appendFile(host.configFile, `${entry.join('\n')}\n`)
}

async function startSales(...options: Parameters<typeof start>) {
  await start(...options)
  server.write('Sales', { anna: 'hello' }, { logs: 4 })
}

function backup(mode: string, { env, ...options }: Parameters<Host['failsafe']>[1] = {}): Promise<Finished> {
  return host.failsafe(['backup', source, '--mode', mode, '--json'], { ...options, env: { ...server.env, ...env } })
}

/** One that is under way, and can be ended from outside. */
function running(mode: string): { finished: Promise<Finished>; kill(signal: NodeJS.Signals): void } {
  let child: { kill(signal: NodeJS.Signals): void } | undefined
  const finished = backup(mode, {
    onStart: started => {
      child = started
    },
  })
  return { finished, kill: signal => child!.kill(signal) }
}

async function taken(mode: string): Promise<Record<string, any>> {
  const finished = await backup(mode)
  expect(lastJson(finished), finished.stdout + finished.stderr).toMatchObject({ type: 'summary' })
  return lastJson(finished)
}

const codesOf = ({ warnings }: Record<string, any>): string[] => warnings.map(({ code }: { code: string }) => code)
const allStaged = () => expect.poll(journals, { timeout: 30_000 }).toContain('all-staged')
const truncated = () => expect.poll(() => server.truncated.Sales ?? 0, { timeout: 30_000 }).toBeGreaterThan(0)

/** What the runs of this host have journalled, as far as it is not committed yet. */
async function journals(): Promise<string> {
  const names = await readdir(host.staging, { recursive: true }).catch(() => [])
  const texts = names
    .filter(name => name.endsWith('journal'))
    .map(name => readFile(join(host.staging, name), 'utf8').catch(() => '')) // one may go while we look
  return (await Promise.all(texts)).join()
}

const untouched = () => ({ truncated: server.truncated, lastFull: server.database('Sales').lastFull })
const nothing = { truncated: {}, lastFull: null }

const logRuns = Math.max(2, times(10))

test(`a full, ${logRuns} log runs, and back into a clean database that is what the server had`, {
  timeout: within(60_000),
}, async () => {
  await startSales([], { systemState: '{ target: "S:" }' })
  const full = await taken('full')
  expect(full).toMatchObject({ kind: 'full', promoted: null, warnings: [{ code: 'active-directory-elsewhere' }] })
  expect(full.peakRssBytes).toBeLessThan(128 * MiB)
  expect(full.steps.map((step: string) => step.split(/[ ,]/)[0])).toEqual(['Look', 'Have', 'Have', 'Read', 'When'])
  expect(server.truncated.Sales).toBeGreaterThan(0)
  for (let run = 0; run < logRuns; run++) {
    server.write('Sales', { [`mail ${run}`]: 'x', last: String(run) }, { logs: (run + 1) % 3 })
    // What is in no closed log yet comes with the last one.
    if (run === logRuns - 1) server.write('Sales', {}, { logs: 1 })
    expect(await taken('log')).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
  }
  expect(server.scripts).toHaveLength(1)
  expect(server.world.shadows).toEqual([])

  const to = join(host.directory, 'restored')
  const rdb = join(host.directory, 'rdb')
  const restored = await host.failsafe(
    ['restore', source, '--to', to, '--identity', host.kit, '--apply', '--target', `file://${rdb}`, '--json'],
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
      // One copy is shown then, and the other is not.
      ['both', 'after expose'],
      ['self', 'before exec'],
    ] as const)

test('the run is killed at each step of the script, with and without diskshadow: the next one leaves nothing behind, and nothing is truncated that is not safe', {
  timeout: within(120_000),
}, async () => {
  await startSales()
  await taken('full')
  for (const [who, step] of kills) {
    server.write('Sales', { [step]: who }, { logs: 3 })
    const before = untouched()
    const died = await backup('full', { env: { FAILSAFE_TEST_KILL: `${who} ${step}` } })
    const where = `${who} ${step}: ${died.stdout}${died.stderr}`
    if (who !== 'self') expect(died.signal, where).toBe('SIGKILL')
    // The end of the backup comes after the commit, or after all was staged: else nothing was truncated.
    if (!/^(after end|before delete|after delete)$/.test(step)) expect(untouched(), where).toEqual(before)
    // A run that outlives diskshadow has cleaned up itself.
    if (who !== 'self') {
      // Whatever was truncated is at the provider, or the logs could not go on.
      const next = await taken('log')
      expect(next, where).toMatchObject({ kind: 'log', promoted: null })
      expect(codesOf(next), where).toContain('earlier-run')
      // It was committed, and the backup could not be ended any more.
      expect(codesOf(next).includes('exchange-not-told'), where).toBe(who === 'both' && step === 'before end')
    }
    expect(server.world.shadows, where).toEqual([])
    expect(await readdir(server.local('P:\\')).catch(() => 'gone'), where).toBe('gone')
  }
})

test('the hook is killed while it is held and all is staged: it is committed, nothing was truncated, and that is told', async () => {
  await startSales()
  server.change(world => {
    world.faults = { hookKilled: true }
  })
  storage = 'takes nothing'
  const { finished } = running('full')
  await allStaged()
  server.killHook()
  storage = 'works'
  const ended = await finished
  expect(ended.code, ended.stdout + ended.stderr).toBe(3)
  const message = expect.stringContaining('Exchange truncated nothing of Sales')
  expect(lastJson(ended).warnings).toEqual([{ code: 'note', message }])
  expect(untouched()).toEqual(nothing)
  expect(server.world.shadows).toEqual([])
})

test('the run is killed while the hook is held and all is staged: the next one commits it, nothing was truncated, and that is told', async () => {
  await startSales()
  storage = 'takes nothing'
  const { finished, kill } = running('full')
  await allStaged()
  kill('SIGKILL')
  expect((await finished).signal).toBe('SIGKILL')
  storage = 'works'
  server.write('Sales', { later: 'yes' }, { logs: 1 })
  const next = await backup('log')
  expect(next.code, next.stdout + next.stderr).toBe(3)
  const summary = lastJson(next)
  expect(summary).toMatchObject({ kind: 'log', promoted: null })
  const messages = summary.warnings.map(({ message }: { message: string }) => message)
  expect(messages.at(-1)).toContain('is complete')
  expect(messages.filter((message: string) => message.startsWith('The shadow copy'))).toHaveLength(2)
  const told = summary.warnings.find(({ code }: { code: string }) => code === 'exchange-not-told')
  expect(told.message).toMatch(/Exchange was not told.*until the next full backup.*--mode full/)
  expect(untouched()).toEqual(nothing)
  expect(server.world.shadows).toEqual([])
})

test('an upload slower than the limit: the backup of Exchange is ended with staging as the only copy, and committed later', async () => {
  await startSales(['holdForCommit: 1s'])
  storage = 'takes nothing'
  const { finished } = running('full')
  await truncated()
  storage = 'works'
  const ended = await finished
  expect(ended.code, ended.stdout + ended.stderr).toBe(3)
  expect(codesOf(lastJson(ended))).toEqual(['exchange-ended-early'])
  expect(server.world.shadows).toEqual([])
})

test('an upload slower than the limit that fails: exit code 4, staging is kept, and the next run sends it first', async () => {
  await startSales(['holdForCommit: 1s'])
  storage = 'takes nothing'
  const { finished, kill } = running('full')
  await truncated()
  kill('SIGTERM')
  const failed = await finished
  expect(failed.code, failed.stdout + failed.stderr).toBe(4)
  expect(lastJson(failed)).toMatchObject({ type: 'error', code: 'failed-source-advanced', exit: 4 })
  expect(server.world.shadows).toEqual([])
  const scripts = server.scripts.length
  storage = 'works'
  server.write('Sales', { later: 'yes' }, { logs: 1 })
  const next = await backup('log')
  expect(next.code, next.stdout + next.stderr).toBe(3)
  // Exchange knows of the full that was committed now, and the log has it to go on from.
  expect(lastJson(next)).toMatchObject({ kind: 'log', promoted: null, warnings: [{ code: 'earlier-run' }] })
  expect(server.scripts).toHaveLength(scripts)
})

const size = (long ? 200 : 6) * 1024 * MiB

test(`a database of ${size / MiB / 1024} GiB: memory stays flat, and progress and the time left are right within a tenth, all the way`, {
  timeout: long ? 3_600_000 : 120_000,
}, async () => {
  // The stand-in writes no page of it anew then, so that it may be a file of holes.
  // In memory, where a hole takes none: what the kernel keeps of a file on a disk fills the machine's memory, and pages that a guest has not had before cost
  // thirty times of others, so that the beginning of a run would have another speed than the rest.
  await start([], { database: 'Large', circular: true, within: '/dev/shm' })
  await truncate(server.local('E:\\Large\\Large.edb'), size)
  // By the processor time that it has had: what else this machine does is no mistake of ours.
  let seconds = () => 0
  const rate = new Rate(() => seconds() * 1000)
  const told: { done: number; total: number; at: number; left: number }[] = []
  let end = 0
  const finished = await backup('full', {
    onStart: ({ pid }) => {
      seconds = () => processorSeconds(pid)
    },
    onLine(line) {
      const { label, done, total, step } = JSON.parse(line)
      if (label === 'sealed') {
        rate.measure(label, done)
        told.push({ done, total, at: seconds(), left: rate.secondsFor(total - done) })
      } else if (told.length > 0 && end === 0 && (step || label)) end = seconds()
    },
  })
  expect(finished.code, finished.stdout.slice(-2000) + finished.stderr).toBe(0)
  const summary = lastJson(finished)
  expect(summary.peakRssBytes).toBeLessThan(128 * MiB)
  expect(summary.bytes.source).toBeGreaterThanOrEqual(size)
  const begun = told[0]!.at
  const errors = told.map(({ done, total, at, left }) => ({
    total: Math.abs(total / summary.bytes.source - 1),
    done: Math.abs(done / total - (at - begun) / (end - begun)),
    left: Number.isFinite(left) ? Math.abs(left - (end - at)) / (end - begun) : 0,
  }))
  const sorted = (what: 'total' | 'done' | 'left') => errors.map(error => error[what]).sort((a, b) => a - b)
  const course = () =>
    told
      .filter((_, n) => n % Math.ceil(told.length / 30) === 0)
      .map(({ done, at, left }) => `${at - begun} s: ${Math.floor(done / MiB)} MiB, ${Math.round(left)} s left`)
      .join('\n')
  expect(errors.length).toBeGreaterThan(1)
  for (const what of ['total', 'done'] as const) expect(sorted(what).at(-1), `${what}\n${course()}`).toBeLessThan(0.1)
  // The time left goes by the last half of the time: of the small one that is a second or two at first, which waver.
  const most = sorted('left')[Math.floor(errors.length * (long ? 0.9 : 0.5))]
  expect(most, `left of ${end - begun} s\n${course()}`).toBeLessThan(0.1)
})

/** What a process has had of the processors so far, in seconds. */
function processorSeconds(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13).map(Number)
  return (user! + system!) / 100
}
