import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { type FaultPoint, faultPoints } from '../../uploader/fault-point.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { long, seed, times, within } from '../support/counts.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { seeded } from '../support/random.ts'
import { lastJson, run, runOk } from '../support/run.ts'
import { VaultDisk } from '../support/vault.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillIncompressible, fillShop } from './shop.ts'

/**
 * A run dies, the next one comes. Whatever the moment: what was committed is there and the same, what was not whole is nowhere to be seen, what was staged whole is
 * committed by the next run, and the database server has nothing left of the dead one.
 */
let cloud: TestCloud
let database: Database
let customer: Customer
/** The binary that dies where it is told to. */
let mortal: string
let vault: VaultDisk
/** Bodies that the storage took, by part. */
const taken = new Map<string, number>()
let storage: 'works' | 'takes one part' | 'takes nothing' = 'works'
/** What lies in the vault for each committed snapshot. */
const stored = new Map<string, string>()

beforeAll(async () => {
  mortal = join(await mkdtemp(join(tmpdir(), 'failsafe-mortal-')), 'failsafe')
  await runOk(process.execPath, [fileURLToPath(new URL('build-mortal.ts', import.meta.url)), mortal])
  cloud = await startTestCloud({ intercept: onPut })
  vault = new VaultDisk(cloud)
  database = await startDatabase()
  await fillShop(database, 2000)
  await fillIncompressible(database, 28)
  await renew()
}, 300_000)
afterAll(async () => {
  await customer?.close()
  await database?.stop()
  await cloud?.close()
  await rm(dirname(mortal), { recursive: true })
})
beforeEach(() => {
  storage = 'works'
})

function onPut(request: { method?: string | undefined; url?: string | undefined }): Fault | undefined {
  const { pathname, searchParams } = new URL(request.url!, 'http://vault')
  const number = searchParams.get('partNumber')
  if (request.method !== 'PUT' || number === null) return undefined
  if (storage === 'takes nothing') return { kind: 'stall' }
  if (storage === 'takes one part') storage = 'takes nothing'
  const part = `${pathname}#${number}`
  taken.set(part, (taken.get(part) ?? 0) + 1)
  return undefined
}

/** A host of its own, as a source may open so many snapshots in an hour and no more. */
async function renew(): Promise<void> {
  await customer?.close()
  stored.clear()
  customer = await newCustomer({ cloud, database, stagingMaxBytes: '96MiB' })
  await customer.backup()
  await look()
}

const backup = ['backup', 'shop', '--mode', 'full', '--json']

async function dieAt(fault: string): Promise<void> {
  const died = await run(mortal, [...backup, '--config', customer.configFile], { env: { FAILSAFE_FAULT: fault } })
  expect(died.signal, `${fault} was never passed: ${died.stdout}${died.stderr}`).toBe('SIGKILL')
}

/** What is visible now, newest first: everything of before, unchanged, and more. */
async function look(): Promise<string[]> {
  const listed = await customer.failsafe(['list', 'shop', '--json'])
  expect(listed.code, listed.stderr).toBe(0)
  const snapshots = (lastJson(listed).snapshots as { snapshot: string }[]).map(({ snapshot }) => snapshot)
  expect(snapshots.slice(snapshots.length - stored.size)).toEqual([...stored.keys()].reverse())
  for (const snapshot of [...snapshots].reverse()) {
    const before = stored.get(snapshot)
    // All of them each time would take most of the time: those of before once at the end.
    if (before === undefined) stored.set(snapshot, await contentOf(snapshot))
  }
  return snapshots
}

async function contentOf(snapshot: string): Promise<string> {
  const hash = createHash('sha256')
  for (const key of vault.keys(snapshot)) hash.update(key).update(await vault.read(key))
  return hash.digest('hex')
}

async function expectUnchanged(): Promise<void> {
  for (const [snapshot, content] of stored) expect(await contentOf(snapshot), snapshot).toBe(content)
}

async function expectSound(snapshot: string): Promise<void> {
  const verified = await customer.failsafe(['verify', snapshot, '--identity', customer.kit, '--json'])
  expect(verified.code, verified.stdout + verified.stderr).toBe(0)
}

async function nextRun(): Promise<Record<string, any>> {
  const next = await customer.failsafe(backup)
  const summary = lastJson(next)
  expect(summary.type, next.stdout + next.stderr).toBe('summary')
  const codes = (summary.warnings as { code: string }[]).map(({ code }) => code)
  expect(codes.filter(code => code !== 'earlier-run')).toEqual([])
  expect(next.code).toBe(codes.length === 0 ? 0 : 3)
  expect(await readdir(customer.staging, { recursive: true })).toHaveLength(1) // the source's own folder
  return summary
}

/** No session of the dead run, no lock: a backup of somebody else may begin, and tables may be changed. */
async function expectServerAsFound(): Promise<void> {
  const connection = await database.connect()
  try {
    const sessions = async () => {
      const [rows] = await connection.query(
        `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'backup'`,
      )
      return Number((rows as { n: number }[])[0]!.n)
    }
    await expect.poll(sessions, { timeout: 5000 }).toBe(0)
    await connection.query('SET SESSION lock_wait_timeout = 1')
    for (const statement of [
      'BACKUP STAGE START',
      'BACKUP STAGE END',
      'CREATE TABLE shop.free (a INT)',
      'DROP TABLE shop.free',
    ])
      await connection.query(statement)
  } finally {
    await connection.end()
  }
}

const place = (point: FaultPoint) => faultPoints.indexOf(point)

/** What a run must be before it can pass a point: one that has finished another one tells of it. */
const before: Partial<Record<FaultPoint, FaultPoint>> = { 'outcome-recorded': 'staging-journalled' }

/** Every third one where it has to be quick; the seed says which. */
const points = faultPoints.filter((_, index) => long || index % 3 === seed % 3)

test('a run is killed at each of its steps', { timeout: 900_000 }, async () => {
  expect(faultPoints.length).toBeGreaterThanOrEqual(25)
  let known = await look()
  for (const point of points) {
    const earlier = before[point]
    if (earlier) await dieAt(earlier)
    // Whatever is staged then is still to be sent.
    storage = point === 'staging-synced' || point === 'staging-journalled' ? 'takes nothing' : 'works'
    taken.clear()
    await dieAt(point)
    storage = 'works'
    await expectServerAsFound()
    const left = await look()
    const wasCommitted = place(point) >= place('commit-answered')
    expect(left.length - known.length, point).toBe(wasCommitted ? 1 : 0)

    const summary = await nextRun()
    const after = await look()
    const isTold = summary.warnings.some(({ message }: { message: string }) => message.endsWith('is complete'))
    // The upload goes on beside the reading: at its steps all may be staged already.
    const isFinished = place(point) >= place('staging-journalled') || (isTold && place(point) >= place('part-signed'))
    expect(isTold || !isFinished || wasCommitted, point).toBe(true)
    expect(after.length - known.length, point).toBe(isFinished ? 2 : 1)
    expect(after[0]).toBe(summary.snapshot)
    // Four are sent at the same time: those that were under way.
    const again = [...taken.values()].filter(count => count > 1)
    expect(again.length, point).toBeLessThanOrEqual(4)
    if (wasCommitted) expect(again).toEqual([])
    if (long || isFinished) await expectSound(after[1]!)
    known = after
  }
  await expectSound((await look())[0]!)
  await expectUnchanged()
})

test('the run that finishes another one is killed at each step of that', { timeout: 600_000 }, async () => {
  const known = await look()
  storage = 'takes nothing'
  await dieAt('staging-journalled')
  await dieAt('part-signed')
  for (const step of ['part-sent', 'part-removed']) {
    storage = 'takes one part'
    await dieAt(step)
  }
  storage = 'works'
  for (const step of ['pack-completed', 'parts-uploaded', 'manifest-journalled', 'commit-answered']) await dieAt(step)
  for (const step of ['source-told', 'outcome-recorded']) await dieAt(step)
  await expectServerAsFound()
  const summary = await nextRun()
  const after = await look()
  expect(after).toEqual([summary.snapshot, expect.any(String), ...known])
  await expectSound(after[1]!)
  await expectUnchanged()
})

test(`the binary that ships is killed at ${times(100)} random moments`, {
  timeout: within(600_000),
}, async () => {
  const random = seeded(seed)
  await renew()
  const started = performance.now()
  await customer.backup()
  const undisturbed = performance.now() - started
  await look()
  for (let round = 0; round < times(100); round++) {
    if (round % 20 === 19) {
      await expectUnchanged()
      await renew()
    }
    const known = await look()
    for (let kills = 1 + (round % 2); kills > 0; kills--) {
      const delay = random() * undisturbed
      await customer.failsafe(backup, { onStart: child => setTimeout(() => child.kill('SIGKILL'), delay) })
    }
    await expectServerAsFound()
    const summary = await nextRun()
    const after = await look()
    expect(after[0]).toBe(summary.snapshot)
    expect(after.length - known.length).toBeLessThanOrEqual(3)
    const made = after.slice(0, after.length - known.length)
    for (const snapshot of long ? made : made.slice(0, 2)) await expectSound(snapshot)
  }
  await expectUnchanged()
})
