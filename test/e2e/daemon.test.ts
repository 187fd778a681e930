import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { ask } from '../../uploader/control/ask.ts'
import { type RunStatus, Stopping } from '../../uploader/control/requests.ts'
import { runsInFlight } from '../../uploader/status/runs.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { lastJson } from '../support/run.ts'
import { backupPassword, type Customer, newCustomer } from './customer.ts'
import { editConfig, type RunningDaemon, rememberServed, snapshotsOf, startDaemon, statusOf } from './daemon.ts'
import { fillIncompressible, fillShop } from './shop.ts'

const day = 86_400_000
/** Half a day away: what a test waits for is due because it was missed, and nothing else becomes due meanwhile. */
const hour = (new Date().getUTCHours() + 12) % 24
const cron = { full: `45 ${hour} * * *`, log: `15 ${hour} * * *` }
let cloud: TestCloud
let database: Database
let customer: Customer
let daemon: RunningDaemon | undefined
/** What it does with parts: a run whose parts it does not take goes on until somebody ends it. */
let storage: 'works' | 'takes nothing' = 'works'

beforeAll(async () => {
  cloud = await startTestCloud({
    intercept: ({ method, url }): Fault | undefined =>
      storage === 'takes nothing' && method === 'PUT' && url?.includes('partNumber') ? { kind: 'stall' } : undefined,
  })
  database = await startDatabase({ options: { log_bin: 'binlog' } })
  await fillShop(database, 2000)
})
afterAll(async () => {
  await database?.stop()
  await cloud?.close()
})
beforeEach(async () => {
  daemon = undefined
  customer = await newCustomer({
    cloud,
    database,
    source: [`schedule: { full: "${cron.full}", log: "${cron.log}", timeZone: Europe/Berlin }`],
  })
  return async () => {
    await daemon?.stop('SIGKILL')
    await expectNoSecrets()
    await customer.close()
  }
})

test('a host that was off for three days makes one full backup when it is back, and no second one after the next restart', async () => {
  await rememberServed(customer, ['full', 'log'], new Date(Date.now() - 3 * day))
  daemon = await startDaemon(customer)
  await daemon.logged(/shop: full backup succeeded/)
  const status = await statusOf(customer)
  expect(status).toMatchObject({
    daemon: { pid: daemon.pid, config: { path: customer.configFile, problem: null } },
    receiver: { problem: null },
    kitProven: false,
    sources: [
      {
        source: 'shop',
        engine: 'mysql',
        owed: [],
        run: null,
        last: { outcome: 'succeeded', mode: 'full' },
        received: { kind: 'full' },
        next: [{ mode: 'full' }, { mode: 'log' }],
      },
    ],
  })
  expect(Date.parse(status.sources[0].next[1].at)).toBeGreaterThan(Date.now())
  expect(status.warnings).toEqual([expect.stringContaining('failsafe kit check')])
  expect((await customer.failsafe(['kit', 'check', '--identity', customer.kit])).code).toBe(0)
  const proven = await customer.failsafe(['status'])
  expect(proven.code, proven.stdout).toBe(0)
  expect(proven.stdout).toMatch(/^shop +full succeeded .* UTC +full .* UTC +(full|log) .* UTC, (full|log) .* UTC$/m)
  expect(await daemon.stop()).toBe(0)
  expect(daemon.said()).toContain('Stopped after 1 backup')

  daemon = await startDaemon(customer)
  await delay(5000)
  await daemon.stop()
  expect((await daemon.log()).filter(({ message }) => /backup started/.test(message))).toHaveLength(1)
  expect((await snapshotsOf(customer)).map(({ kind }) => kind)).toEqual(['full'])
})

test('without a memory it goes on from what the receiver has', async () => {
  await customer.backup()
  await writeFile(join(customer.state, 'schedule.json'), '{"format": "failsafe.sched')
  daemon = await startDaemon(customer)
  await daemon.logged(/runs for 1 scheduled source/)
  const [torn] = await daemon.logged(/schedule.json cannot be read: it is damaged/)
  expect(torn!.level).toBe('warning')
  await delay(4000)
  expect((await daemon.log()).filter(({ message }) => /backup started/.test(message))).toEqual([])
})

test('a second daemon of the same host is refused', async () => {
  daemon = await startDaemon(customer)
  await daemon.logged(/runs for/)
  const second = await customer.failsafe(['run', '--json'])
  expect(second.code).toBe(6)
  expect(lastJson(second)).toMatchObject({ code: 'daemon-running', fix: expect.stringContaining('failsafe status') })
  expect((await statusOf(customer)).daemon.pid).toBe(daemon.pid)
})

test('a configuration that is wrong changes nothing but what status and the log say, and one that is right counts at once', async () => {
  const right = await readFile(customer.configFile, 'utf8')
  daemon = await startDaemon(customer)
  await daemon.logged(/runs for/)
  await writeFile(customer.configFile, right.replace(cron.full, '0 25 * * *'))
  const [wrong] = await daemon.logged(/configuration is not used/)
  expect(wrong).toMatchObject({ level: 'error', message: expect.stringContaining('line ') })
  const asked = await customer.failsafe(['status', '--json'])
  expect(asked.code).toBe(3)
  expect(lastJson(asked)).toMatchObject({
    daemon: { config: { problem: expect.stringContaining('sources.shop.schedule.full') } },
    warnings: expect.arrayContaining([expect.stringContaining('sources.shop.schedule.full')]),
    sources: [{ next: [{ mode: 'full' }, { mode: 'log' }] }],
  })
  await writeFile(customer.configFile, right.replace(`log: "${cron.log}", `, ''))
  await daemon.logged(/configuration has changed: 1 scheduled source/)
  const after = await statusOf(customer)
  expect(after.daemon.config.problem).toBeNull()
  expect(after.sources[0].next).toEqual([{ mode: 'full', at: expect.any(String) }])
  // One that is wrong from the start has none before it to go by.
  await daemon.stop()
  await editConfig(customer, text => `${text}wrong: true\n`)
  expect((await customer.failsafe(['run'])).code).toBe(2)
})

test('a run that is due while the file on disk is wrong goes by the configuration before', async () => {
  await customer.backup()
  await editConfig(customer, text => text.replace(cron.log, '* * * * *'))
  daemon = await startDaemon(customer)
  await daemon.logged(/runs for/)
  await editConfig(customer, text => `${text}wrong: true\n`)
  await daemon.logged(/configuration is not used/)
  const [started] = await daemon.logged(/shop: log backup started/, 1, 70)
  expect(new Date(started!.time).getUTCSeconds()).toBeLessThan(10)
  await daemon.logged(/shop: log backup succeeded/)
  expect((await statusOf(customer)).sources[0].received.kind).toBe('log')
})

test('the provider expects the runs of a host whose daemon has started, before anything was ever backed up', async () => {
  daemon = await startDaemon(customer)
  await expect
    .poll(async () => (await statusOf(customer)).daemon?.receiver.contactAt ?? null, { timeout: 30_000 })
    .not.toBeNull()
  await cloud.fire('watchdog')
  const { tenant } = JSON.parse(await readFile(join(customer.state, 'agent.json'), 'utf8'))
  const { sources } = lastJson(await customer.admin(['sources', '--tenant', tenant, '--json']))
  const { next } = (await statusOf(customer)).sources[0]
  expect(sources).toEqual([expect.objectContaining({ name: 'shop', nextExpected: next[1].at })])
})

test('hooks get the outcome in their environment and the summary on their input; one that fails or hangs harms nothing', async () => {
  const out = join(customer.directory, 'hook')
  const script = join(customer.directory, 'hook.sh')
  await writeFile(script, `#!/bin/sh\nenv | grep ^FAILSAFE_ >> ${out}-$1\ncat >> ${out}-$1\necho oh no >&2\nexit 7\n`, {
    mode: 0o755,
  })
  await editConfig(
    customer,
    text => `${text}hooks: { success: [${script}, "a b; rm"], failure: [${script}, failure] }\n`,
  )
  await rememberServed(customer, ['full', 'log'], new Date(Date.now() - day))
  daemon = await startDaemon(customer)
  await daemon.logged(/hook for success failed: it ended with 7; it said: oh no/)
  const success = await readFile(`${out}-a b; rm`, 'utf8')
  expect(success).toMatch(/^FAILSAFE_OUTCOME=succeeded$/m)
  expect(success).toMatch(/^FAILSAFE_SOURCE=shop$/m)
  expect(JSON.parse(success.trim().split('\n').at(-1)!)).toMatchObject({
    type: 'summary',
    source: 'shop',
    kind: 'full',
  })
  await daemon.stop()

  await rm(join(customer.directory, 'shop.pw'))
  await rememberServed(customer, ['full', 'log'], new Date(Date.now() - day))
  daemon = await startDaemon(customer)
  const [failed] = await daemon.logged(/shop: full backup failed: /)
  expect(failed).toMatchObject({ level: 'error', outcome: 'failed', code: 'secret-unreadable' })
  await daemon.logged(/hook for failure failed/)
  const failure = await readFile(`${out}-failure`, 'utf8')
  expect(failure).toMatch(/^FAILSAFE_CODE=secret-unreadable$/m)
  expect(failure).toMatch(/^FAILSAFE_FAILURES=1$/m)
  const asked = await customer.failsafe(['status', '--json'])
  expect(asked.code).toBe(3)
  expect(lastJson(asked).warnings).toContainEqual(expect.stringContaining('shop: the last'))
})

describe('while a run is going on', () => {
  beforeAll(() => fillIncompressible(database, 200))
  afterAll(() => database.execute('DROP DATABASE bulk'))
  beforeEach(() => {
    storage = 'takes nothing'
    return () => {
      storage = 'works'
    }
  })

  test('it can be killed, and is tried again after a pause; cancelled, it releases the source and says what was kept', async () => {
    await rememberServed(customer, ['full', 'log'], new Date(Date.now() - day))
    daemon = await startDaemon(customer)
    const run = await runOf(customer)
    process.kill(run.pid, 'SIGKILL')
    const [killed] = await daemon.logged(/full backup failed: its process was killed \(SIGKILL\) \(again at /)
    expect(killed).toMatchObject({ level: 'error', code: 'run-died' })
    expect((await statusOf(customer)).sources[0].owed).toEqual([{ mode: 'full', failures: 1, at: expect.any(String) }])
    // The log that was due as well is tried meanwhile, and becomes a full since there is nothing to go on from.
    expect((await runOf(customer)).mode).toBe('log')
    const cancelled = await customer.failsafe(['cancel', 'shop', '--json'])
    expect(cancelled.code, cancelled.stderr).toBe(0)
    expect(lastJson(cancelled)).toMatchObject({ cancelled: true, said: expect.stringMatching(/kept/) })
    expect(await sessionsOfBackup()).toBe(0)
    await daemon.logged(/log backup was cancelled/)
    expect(await snapshotsOf(customer)).toEqual([])
    expect((await statusOf(customer)).sources[0].owed).toEqual([])
    const none = await customer.failsafe(['cancel', 'shop'])
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('No backup of shop is going on')
  })

  test('it is seen and cancelled in the same way where it was started by hand, without a daemon', async () => {
    const byHand = customer.failsafe(['backup', 'shop', '--json'])
    expect(await runOf(customer)).toMatchObject({ source: 'shop', mode: 'auto' })
    expect((await customer.failsafe(['status'])).stdout).toMatch(/shop: full backup since .*(sealed|uploaded)/)
    expect((await customer.failsafe(['cancel', 'shop'])).stdout).toMatch(/shop: .*kept/)
    const ended = await byHand
    expect(ended.code).toBe(130)
    expect(lastJson(ended)).toMatchObject({ type: 'error', code: 'cancelled', exit: 130 })
    expect(await sessionsOfBackup()).toBe(0)
    const status = await statusOf(customer)
    expect(status.daemon).toBeNull()
    expect(status.warnings).toContainEqual(expect.stringContaining('Nothing starts by itself'))
  })

  test('Ctrl-C on a run by hand says what was kept', async () => {
    let interrupt = () => {}
    const byHand = customer.failsafe(['backup', 'shop'], {
      onStart: child => {
        interrupt = () => child.kill('SIGINT')
      },
    })
    await runOf(customer)
    interrupt()
    const { code, stderr } = await byHand
    expect(code).toBe(130)
    expect(stderr).toMatch(/^Error: The backup was interrupted: .*kept/m)
  })

  test('the daemon that is told to stop ends it within ten seconds, and starts it again when it is back', async () => {
    for (const how of ['a signal', 'signals to all of its processes', 'its socket'] as const) {
      await rememberServed(customer, ['full', 'log'], new Date(Date.now() - day))
      daemon = await startDaemon(customer)
      const run = await runOf(customer)
      const before = performance.now()
      if (how === 'signals to all of its processes') process.kill(run.pid, 'SIGTERM')
      if (how === 'its socket') await ask(customer.state, 'daemon', { ask: 'stop' }, Stopping)
      else daemon.signal('SIGTERM')
      expect(await daemon.ended(), how).toBe(0)
      expect((performance.now() - before) / 1000).toBeLessThan(12)
      expect(await sessionsOfBackup()).toBe(0)
      expect(() => process.kill(run.pid, 0)).toThrow()
    }
    storage = 'works'
    daemon = await startDaemon(customer)
    await runOf(customer)
    await daemon.logged(/shop: full backup succeeded/)
    expect((await readFile(`/proc/${daemon.pid}/status`, 'utf8')).match(/VmHWM:\s+(\d+) kB/)![1]).toSatisfy(
      (peak: string) => Number(peak) * 1024 < 128 * 2 ** 20,
    )
  })
})

/** The run that is going on, as soon as it moves bytes. It is asked itself: a program that is started for each question would take what the run needs. */
async function runOf({ state }: Customer): Promise<RunStatus> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const [run] = await runsInFlight(state)
    if (run?.progress) return run
    await delay(100)
  }
  throw new Error(`no backup is going on:\n${daemon?.said()}`)
}

async function sessionsOfBackup(): Promise<number> {
  const connection = await database.connect()
  try {
    const [rows] = (await connection.query(
      `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'backup'`,
    )) as any
    return Number(rows[0].n)
  } finally {
    await connection.end()
  }
}

/** Neither in its log nor in what it said is anything that opens a door. */
async function expectNoSecrets(): Promise<void> {
  const { key } = JSON.parse(await readFile(join(customer.state, 'agent.json'), 'utf8'))
  const kit = await readFile(customer.kit, 'utf8')
  const said = `${daemon?.said()}${JSON.stringify(await daemon?.log())}`
  for (const secret of [backupPassword, key.d, /AGE-SECRET-KEY-\S+/.exec(kit)![0]]) expect(said).not.toContain(secret)
}
