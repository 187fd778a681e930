import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newDomino } from '../../../uploader/engines/domino/engine.ts'
import { MiB, newRig, type Rig } from '../../backup/support.ts'
import { startVault, type Vault } from '../../backup/vault.ts'
import { writeDatabase } from '../../doubles/notes/database.ts'
import { NotesWorld } from '../../doubles/notes/world.ts'
import { long, times, within } from '../../support/counts.ts'
import { BackupChain, helperOptions } from './chain.ts'

const GiB = 1024 ** 3

it('a sparse database beyond 4 GiB is taken to the byte, and takes no room that it does not need', {
  timeout: 180_000,
}, async () => {
  await using world = await NotesWorld.make()
  const size = long ? 5 * GiB : 4 * GiB + 1024 * 1024
  await world.addDatabase('huge.nsf', { size, sparse: true })
  await using chain = await BackupChain.of(world)
  const settings = chain.settings
  const plan = chain.engine.plan(
    'full',
    await chain.engine.inspect(settings, new AbortController().signal),
    chain.heads,
  )
  const session = await chain.engine.begin(settings, plan, {
    signal: new AbortController().signal,
    concurrency: 1,
    kept: new Map(),
    scratch: join(chain.directory, 'source/run/scratch'),
    undo: join(chain.directory, 'source/undo'),
    step: () => {},
    warn: () => {},
    written: () => {},
    now: () => new Date(),
  })
  const sizes: Record<string, number> = {}
  let end = Buffer.alloc(0)
  for await (const artefact of session.artefacts()) {
    let read = 0
    for await (const chunk of artefact.read()) {
      read += chunk.length
      if (artefact.name === 'data/huge.nsf') end = Buffer.from(chunk.subarray(-4096))
    }
    sizes[artefact.name] = read
  }
  await session.close('succeeded')
  expect(sizes['data/huge.nsf']).toBe(size)
  expect(end.equals(Buffer.alloc(4096, 0x42))).toBe(true)
  const marks = (await world.journal()).filter(line => line.startsWith('NSFBackupSetHighWaterMark')).length
  expect(marks).toBe(Math.ceil(size / (4 * 1024 * 1024)))
  expect(await world.violations()).toEqual([])
})

describe('a large server', () => {
  let vault: Vault
  let rig: Rig
  beforeAll(async () => {
    vault = await startVault()
  })
  afterAll(() => vault?.close())
  beforeEach(async () => {
    rig = await newRig(vault)
  })
  afterEach(() => rig.close())

  it('is backed up with the calls of a small one, and a log run tells that nothing else is new', {
    timeout: within(180_000),
  }, async () => {
    await using world = await NotesWorld.make({ daos: true })
    await world.set('quiet', '')
    await world.set('still', '')
    const [databases, objects] = long ? [20_000, 200_000] : [times(2000), times(20_000)]
    await mkdir(world.path('mail'), { recursive: true })
    for (let n = 0; n < databases; n++) await writeDatabase(world.path(`mail/${n}.nsf`), { size: 2048, replicaId: n })
    for (let n = 0; n < objects; n++) {
      const folder = join(world.store, String(Math.floor(n / 1000) + 1).padStart(4, '0'))
      if (n % 1000 === 0) await mkdir(folder, { recursive: true })
      await writeFile(join(folder, `${n}.nlo`), `object ${n}`)
    }
    await world.write(1, 'mail/0.nsf')
    // The list of so many artefacts is larger than the rig's usual budget.
    rig.maxBytes = 512 * MiB
    const engine = newDomino(helperOptions)
    const settings = engine.settings.parse({ ini: world.ini, directory: world.copies })
    const take = (mode: 'full' | 'log') =>
      rig.backUp(engine as never, { mode, settings: settings as never, readers: 4 })
    const full = await take('full')
    expect(full.artefacts).toBe(databases + objects + 3)
    expect(full.warnings).toEqual([])
    // A lease is renewed by the clock; `committed` is no call, but its answer.
    const others = rig.receiver.calls.filter(call => !['parts', 'renew', 'committed'].includes(call))
    expect(others.length, others.join()).toBeLessThanOrEqual(10)
    // What a commit takes at most (lambdas/commit).
    expect(Buffer.byteLength(JSON.stringify(JSON.stringify(full.units)))).toBeLessThan(3_100_000)

    rig.receiver.head = {
      snapshot: full.snapshot,
      lane: 'data',
      kind: 'full',
      receivedAt: new Date().toISOString(),
      units: full.units,
    }
    const log = await take('log')
    expect(log.kind).toBe('log')
    expect(log.artefacts).toBe(2)
    expect(await world.violations()).toEqual([])
  })
})
