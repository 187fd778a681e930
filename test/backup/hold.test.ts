import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { requireShortHold } from '../../uploader/backup/hold.ts'
import { PaceFile } from '../../uploader/state/pace.ts'
import { noiseOf } from '../support/noise.ts'
import { FakeEngine } from './engine.ts'
import { MiB, newRig, type Rig } from './support.ts'
import { startVault, type Vault } from './vault.ts'

const GiB = 1024 ** 3
const hour = 3600
const staging = { maxBytes: 20 * GiB }

let vault: Vault
let rig: Rig
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())
beforeEach(async () => {
  vault.intercept = () => undefined
  rig = await newRig(vault)
})
afterEach(() => rig.close())

const state = () => join(rig.dir, 'state')
const options = (longest: number) => ({
  staging: { dir: join(rig.dir, 'staging'), maxBytes: 40 * MiB },
  hold: { longest, pace: new PaceFile(state()) },
})
const contents = () => [{ name: 'a', order: 0, read: () => noiseOf(24 * MiB) }]

test('a plan that holds the source for too long is refused with the staging that would do', () => {
  const full = { kind: 'full', expectedBytes: 400 * GiB } as const
  const earlier = { bytesPerSecond: 5 * MiB, sealedShare: 0.25 }
  // 100 GiB sealed, 80 of them beyond staging: 4.55 hours at this rate.
  expect(() => requireShortHold(full, staging, 5 * hour, earlier)).not.toThrow()
  let failure: unknown
  try {
    requireShortHold(full, staging, 4 * hour, earlier)
  } catch (error) {
    failure = error
  }
  expect(failure).toMatchObject({
    code: 'hold-too-long',
    message: expect.stringContaining('4 h 33 min'),
    why: expect.stringContaining('maxHold is 4 h 0 min'),
    fix: expect.stringContaining('at least 30GiB'),
  })
  expect(() => requireShortHold(full, { maxBytes: 30 * GiB }, 4 * hour, earlier)).not.toThrow()
})

test.each<[string, Parameters<typeof requireShortHold>[0], Parameters<typeof requireShortHold>[3]]>([
  ['nothing was measured', { kind: 'full', expectedBytes: 400 * GiB }, undefined],
  ['it all fits into staging', { kind: 'full', expectedBytes: 20 * GiB }, { bytesPerSecond: 1, sealedShare: 1 }],
  ['only logs are read', { kind: 'log', expectedBytes: 400 * GiB }, { bytesPerSecond: 1, sealedShare: 1 }],
])('nothing is refused where %s', (_why, plan, earlier) => {
  expect(() => requireShortHold(plan, staging, hour, earlier)).not.toThrow()
})

test('a run remembers how fast it went, and the next one is refused before anything is asked of the source or the receiver', async () => {
  await rig.backUp(new FakeEngine(contents(), 48 * MiB), options(hour))
  const [file, ...others] = await readdir(join(state(), 'pace'))
  expect(others).toEqual([])
  const remembered = JSON.parse(await readFile(join(state(), 'pace', file!), 'utf8'))
  expect(remembered.format).toBe('failsafe.pace/1')
  expect(remembered.sealedShare).toBeCloseTo(0.5, 1)
  expect(remembered.bytesPerSecond).toBeGreaterThan(MiB)

  const engine = new FakeEngine(contents(), 1024 * GiB)
  await expect(rig.backUp(engine, options(60))).rejects.toMatchObject({ code: 'hold-too-long' })
  expect(engine.notes).toEqual([])
  expect(rig.receiver.states()).toEqual(['committed'])
  expect(rig.receiver.runs.at(-1)).toMatchObject({ outcome: 'failed', code: 'hold-too-long' })
  await rig.backUp(new FakeEngine(contents(), 48 * MiB), options(60))
})

test('a small run is no measure, and a damaged note none either', async () => {
  const small = () => new FakeEngine([{ name: 'a', order: 0, read: () => noiseOf(MiB) }], 1024 * GiB)
  await rig.backUp(small(), options(1))
  expect(await readdir(rig.dir)).not.toContain('state')
  await rig.backUp(new FakeEngine(contents(), 48 * MiB), options(1))
  const [file] = await readdir(join(state(), 'pace'))
  await writeFile(join(state(), 'pace', file!), '{"format":"failsafe.pace/1","bytesPer')
  await rig.backUp(small(), options(1))
})

test('a note that cannot be written is a warning, and the backup is made', async () => {
  await mkdir(rig.dir, { recursive: true })
  await writeFile(state(), 'a file, where a directory should be')
  const result = await rig.backUp(new FakeEngine(contents(), 48 * MiB), options(hour))
  expect(result.warnings).toMatchObject([{ code: 'pace-unwritten' }])
  await rm(state())
})
