import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultPoint, faultPoints } from '../../uploader/fault-point.ts'
import { MiB } from '../backup/support.ts'
import { NotesWorld, type WorldOptions } from '../doubles/notes/world.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { long, seed, times, within } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import { lastJson, run, runOk } from '../support/run.ts'
import { failsafeBinary } from './binary.ts'

/** The built binary beside the stand-in for Domino's library, and as root the helper as somebody else: what ships, but for Domino. */
const isRoot = process.getuid?.() === 0

let cloud: TestCloud
let programs: string
/** The binary as it ships, and one that dies where it is told to. */
let failsafe: string
let mortal: string

beforeAll(async () => {
  // Where everybody may run them.
  programs = await mkdtemp(join(tmpdir(), 'failsafe-programs-'))
  await chmod(programs, 0o755)
  failsafe = join(programs, 'failsafe')
  mortal = join(programs, 'mortal')
  await copyFile(failsafeBinary, failsafe)
  await runOk(process.execPath, [fileURLToPath(new URL('build-mortal.ts', import.meta.url)), mortal])
  cloud = await startTestCloud()
}, 300_000)
afterAll(async () => {
  await cloud?.close()
  await rm(programs, { recursive: true, force: true })
})

async function newServer(options: WorldOptions = {}) {
  const world = await NotesWorld.make({ ...options, ofNobody: isRoot })
  await chmod(world.root, 0o755)
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-e2e-domino-'))
  const config = join(directory, 'failsafe.yaml')
  const kit = join(directory, 'kit/recovery-kit.txt')
  await mkdir(join(directory, 'kit'))
  await writeFile(
    config,
    [
      `state: { dir: ${directory}/state }`,
      `staging: { dir: ${directory}/staging, maxBytes: 512MiB }`,
      'sources:',
      '  mail:',
      '    engine: domino',
      `    ini: ${world.ini}`,
      `    directory: ${world.copies}`,
      ...(isRoot ? ['    user: nobody'] : []),
      '',
    ].join('\n'),
    { mode: 0o600 },
  )
  const tenant = `t${Math.random().toString(36).slice(2, 10)}`
  const admin = (...args: string[]) => runOk(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
  await admin('tenant', 'create', tenant, '--name', 'Test tenant')
  const token = JSON.parse((await admin('enrol-token', tenant, '--json')).stdout).enrol as string
  const verb = (...args: string[]) => run(failsafe, [...args, '--config', config])
  const enrolled = await verb('enrol', token, '--recovery-kit', kit)
  expect(enrolled.code, enrolled.stderr).toBe(0)
  return {
    world,
    verb,
    config,
    async backup(mode: 'full' | 'log'): Promise<Record<string, any>> {
      const finished = await verb('backup', 'mail', '--mode', mode, '--json')
      const summary = lastJson(finished)
      expect(summary.type, finished.stdout + finished.stderr).toBe('summary')
      return summary
    },
    async dieAt(point: FaultPoint, mode: string) {
      const args = ['backup', 'mail', '--mode', mode, '--json', '--config', config]
      const died = await run(mortal, args, { env: { FAILSAFE_FAULT: point } })
      expect(died.signal, `${point} was never passed: ${died.stdout}${died.stderr}`).toBe('SIGKILL')
    },
    async restore(to: string, ...more: string[]): Promise<Record<string, any>> {
      const finished = await verb('restore', 'mail', '--to', join(directory, to), '--identity', kit, '--json', ...more)
      const summary = lastJson(finished)
      expect(summary.type, finished.stdout + finished.stderr).toBe('summary')
      return { ...summary, directory: join(directory, to) }
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const databases = ['names.nsf', 'mail/jdoe.nsf', 'mail/asmith.nsf']

async function fill(world: NotesWorld) {
  for (const [i, name] of databases.entries()) await world.addDatabase(name, { size: 300_000, replicaId: i + 1 })
  await world.addFile('server.id', 'the keys of the server')
  await world.write(3, ...databases)
}

const hashes = async (world: NotesWorld) => Promise.all(databases.map(name => world.hashOf(name)))
const target = (world: NotesWorld) => `domino://${world.ini}?overwrite=yes${isRoot ? '&user=nobody' : ''}`

/** No backup and no archive session of a process that is gone. */
async function expectReleased(world: NotesWorld) {
  await expect.poll(() => world.backups(), { timeout: 10_000 }).toEqual([])
  await expect.poll(() => world.get('log/archiver'), { timeout: 10_000 }).toBe('')
}

const logRuns = Math.max(3, times(10))

test(`a full and ${logRuns} runs of logs under a writer are restored to the byte, and no rule was broken`, {
  timeout: within(180_000),
}, async () => {
  await using server = await newServer()
  const { world } = server
  await fill(world)
  const doctor = await server.verb('doctor', 'mail', '--json')
  expect(doctor.stdout).toContain('HCL Domino 12.0.2 answers')
  {
    await using _ = world.startWriter(2000, ...databases)
    expect((await server.backup('full')).kind).toBe('full')
    for (let n = 0; n < logRuns; n++) expect(await server.backup('log')).toMatchObject({ kind: 'log', promoted: null })
  }
  expect((await server.backup('log')).warnings).toEqual([])
  const before = await hashes(world)
  for (const name of databases) await rm(world.path(name))
  const restored = await server.restore('out', '--apply', '--target', target(world))
  expect(restored.applied).toBe(true)
  expect(await hashes(world)).toEqual(before)
  expect(await world.violations()).toEqual([])
  expect(await readdir(world.copies)).toEqual([])
})

test('native code is unpacked where it is wanted, and is gone as soon as it is loaded', async () => {
  await using server = await newServer()
  await fill(server.world)
  const addons = join(server.world.root, 'addons')
  await mkdir(addons)
  await server.world.giveAway()
  const unpackInto = (directory: string, ...args: string[]) =>
    run(failsafe, [...args, '--config', server.config], { env: { FAILSAFE_ADDONS: directory } })
  const refused = await unpackInto('/nowhere', 'doctor', 'mail', '--json')
  expect(refused.stdout).toContain('Set FAILSAFE_ADDONS')
  const good = await unpackInto(addons, 'doctor', 'mail', '--json')
  expect(good.stdout).toContain('HCL Domino 12.0.2 answers')
  expect(await readdir(addons)).toEqual([])
})

/** Those at which something of Domino's is decided. */
const decisive: FaultPoint[] = [
  'session-begun',
  'staging-journalled',
  'commit-answered',
  'commit-journalled',
  'source-told',
]

test('killed at every step, nothing is lost that Domino was told to forget, nothing stays open, and the next run heals', {
  timeout: within(240_000),
}, async () => {
  await using server = await newServer()
  const { world } = server
  await fill(world)
  await server.backup('full')
  const first = await world.active()
  const random = seeded(seed)
  // A pack of one part is completed by the commit.
  const passed = faultPoints.filter(point => point !== 'pack-completed')
  const others = passed.filter(point => !decisive.includes(point) && point !== 'part-removed')
  const chosen = long ? passed : [...decisive, others[Math.floor(random() * others.length)]!]
  for (const point of chosen) await dieAndHeal(server, point, 'log')
  // One more run: what was told late is told now.
  await server.backup('log')
  expect(await world.waiting()).toEqual([])
  const done = (await world.journal())
    .filter(line => line.startsWith('done '))
    .map(line => Number(line.split(' ')[2]))
    .filter(number => number >= first)
  expect(done.length).toBeGreaterThan(0)
  const files = await readdir((await server.restore('logs')).directory, { recursive: true })
  for (const number of done) {
    const name = `/${String(number).padStart(10, '0')}.TXN`
    expect(
      files.some(file => file.endsWith(name)),
      `extent ${number}`,
    ).toBe(true)
  }

  if (long) for (const point of chosen) await dieAndHeal(server, point, 'full')
  await server.backup('log')
  const before = await hashes(world)
  await server.restore('out', '--apply', '--target', target(world))
  expect(await hashes(world)).toEqual(before)
  expect(await world.violations()).toEqual([])
})

async function dieAndHeal(
  server: Awaited<ReturnType<typeof newServer>>,
  point: FaultPoint,
  mode: 'log' | 'full',
): Promise<void> {
  const { world } = server
  await world.closeExtents(1, 'names.nsf')
  await world.write(times(20), ...databases)
  await server.dieAt(point, mode)
  await expectReleased(world)
  const next = await server.backup('log')
  expect(
    next.warnings.filter(({ code }: { code: string }) => code !== 'earlier-run'),
    point,
  ).toEqual([])
  expect(await readdir(world.copies), point).toEqual([])
}

test(`${times(20_000)} databases and ${times(200_000)} attachment objects need no more memory than a few, and no more calls`, {
  timeout: within(360_000),
}, async () => {
  await using server = await newServer({ daos: true })
  const [count, objects] = [times(20_000), times(200_000)]
  await fillMany(server.world, count, objects)
  for (const mode of ['full', 'log'] as const) {
    const before = await callsBeyondParts()
    const summary = await server.backup(mode)
    const calls = (await callsBeyondParts()) - before
    console.log(`${mode}: ${(summary.peakRssBytes / MiB).toFixed(1)} MiB at most, ${calls} calls beyond parts`)
    expect(summary).toMatchObject({ kind: mode, warnings: [] })
    expect(summary.artefacts).toBeGreaterThanOrEqual(mode === 'full' ? count + objects : 1)
    expect(summary.peakRssBytes).toBeLessThanOrEqual(128 * MiB)
    expect(calls).toBeLessThanOrEqual(10)
  }
  expect(await server.world.violations()).toEqual([])
})

/** Requests that the receiver has answered so far, without those for parts, and without the lease's, which is renewed by the clock. */
async function callsBeyondParts(): Promise<number> {
  const files = await readdir(cloud.logs)
  const texts = await Promise.all(files.map(file => readFile(join(cloud.logs, file), 'utf8')))
  const routes = texts.flatMap(text => [...text.matchAll(/"route":"([^"]+)"/g)].map(([, route]) => route!))
  return routes.filter(route => !/\/(parts|renew)$/.test(route)).length
}

async function fillMany(world: NotesWorld, count: number, objects: number) {
  await world.set('quiet', '')
  const { writeDatabase } = await import('../doubles/notes/database.ts')
  for (let n = 0; n < count; n++) {
    if (n % 1000 === 0) await mkdir(world.path(`mail/${n / 1000}`), { recursive: true })
    await writeDatabase(world.path(`mail/${Math.floor(n / 1000)}/${n}.nsf`), { size: 4096, replicaId: n })
  }
  for (let n = 0; n < objects; n++) {
    const folder = join(world.store, String(Math.floor(n / 1000) + 1).padStart(4, '0'))
    if (n % 1000 === 0) await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${String(n).padStart(48, '0')}.nlo`), `object ${n}`)
  }
  await world.giveAway()
  await world.write(1, 'mail/0/0.nsf')
}
