import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { IndexLine } from '../../shared/manifest.ts'
import { IndexSpool } from '../../uploader/staging/index-spool.ts'
import { FakeEngine } from '../backup/engine.ts'
import { filesBelow, MiB, newRig, type Rig, readBack } from '../backup/support.ts'
import { startVault, type Vault } from '../backup/vault.ts'
import { digest } from '../sealed/support.ts'
import { noiseOf } from '../support/noise.ts'
import { mountDisk } from './small-disk.ts'

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

const size = 7 * MiB
const contents = () => ['a', 'b', 'c'].map((name, order) => ({ name, order, read: () => noiseOf(size, name) }))
/** Much more than the disks here have. */
const maxBytes = 100 * MiB

async function expectWhole(): Promise<void> {
  const { lines } = await readBack(rig, rig.receiver.manifests.at(-1)!, async (line, plain) => {
    expect(await digest(plain)).toBe(await digest(noiseOf(size, line.name)))
  })
  expect(lines).toHaveLength(3)
}

/** The source was let go, the receiver knows, and nothing is left on the disk. */
async function expectReleased(engine: FakeEngine, path: string): Promise<void> {
  const begun = engine.notes.includes('begin')
  expect(engine.notes.filter(note => note.startsWith('close'))).toEqual(begun ? ['close failed'] : [])
  expect(rig.receiver.states().filter(state => state !== 'abandoned')).toEqual([])
  expect(rig.receiver.manifests).toEqual([])
  expect(await filesBelow(path)).toEqual([])
}

/** Runs into the end of a disk that gets larger and larger, until it is large enough. @returns how many runs failed */
async function sweep(disks: string[], larger: string): Promise<number> {
  let failed = 0
  for (const options of disks) {
    await using disk = await mountDisk(options)
    const engine = new FakeEngine(contents())
    const staging = { dir: disk.path, maxBytes }
    const error = await rig.backUp(engine, { staging }).catch(error => error)
    if (error.type === 'summary') break
    failed += 1
    expect(error, options).toMatchObject({ code: 'staging-full', fix: expect.stringContaining('Free some space') })
    expect(error.message).toContain(disk.path)
    await expectReleased(engine, disk.path)

    await disk.resize(larger)
    await rig.backUp(new FakeEngine(contents()), { staging })
    await expectWhole()
    expect(await filesBelow(disk.path)).toEqual([])
    rig.receiver.manifests.splice(0)
    rig.receiver.snapshots.clear()
  }
  return failed
}

describe('a disk that is full is told as that, and the next run succeeds on a larger one:', () => {
  test('wherever in a run its last byte is written', async () => {
    const pages = [1, 2, 3].map(n => `size=${4 * n}k`)
    // From the first part to where all that two readers and the upload hold has room.
    const megabytes = [0.5, 2, 4.9, 5.1, 7, 9.9, 10.1, 12, 14.9].map(n => `size=${Math.round(n * 1024)}k`)
    // A storage that is slow keeps the parts where they are.
    vault.intercept = request => {
      if (request.method === 'PUT') request.pause()
      setTimeout(() => request.resume(), 500)
      return undefined
    }
    expect(await sweep([...pages, ...megabytes, 'size=64m'], 'size=64m')).toBeGreaterThan(6)
  })

  test('at whichever file there is no room for another one', async () => {
    const disks = Array.from({ length: 12 }, (_, n) => `nr_inodes=${n + 1}`)
    const failed = await sweep(disks, 'nr_inodes=100')
    // Two directories, the journal, a part of each reader.
    expect(failed).toBeGreaterThanOrEqual(4)
    expect(failed).toBeLessThan(12)
  })

  test('when a long index is what does not fit', async () => {
    await using disk = await mountDisk('size=64k')
    const spool = new IndexSpool(join(disk.path, 'index'), async () => {})
    const adding = async () => {
      for (let n = 0; n < 10_000; n++) await spool.add(n, lineOf(`${n}-${Math.random()}`, n))
    }
    await expect(adding()).rejects.toMatchObject({ code: 'staging-full' })
    await spool.close()
  })

  test('when only the end of a long index does not fit', async () => {
    const page = 4096
    const added = async (path: string) => {
      let size = 0
      const spool = new IndexSpool(join(path, 'index'), async grown => {
        size = grown
      })
      try {
        for (let n = 0; n < 10_000; n++)
          await spool.add(n, lineOf(createHash('sha256').update(`${n}`).digest('base64'), n))
      } finally {
        await spool.close()
      }
      return size
    }
    await using large = await mountDisk('size=16m')
    const size = await added(large.path)
    await using disk = await mountDisk(`size=${Math.floor((size - 1) / page) * page}`)
    await expect(added(disk.path)).rejects.toMatchObject({ code: 'staging-full' })
  })
})

test('a disk that can only be read is refused before anything is asked of the source or the receiver', async () => {
  await using disk = await mountDisk('ro')
  const engine = new FakeEngine(contents())
  await expect(rig.backUp(engine, { staging: { dir: disk.path, maxBytes } })).rejects.toMatchObject({
    code: 'staging-unwritable',
    why: expect.stringContaining('EROFS'),
  })
  expect(engine.notes).toEqual([])
  expect(rig.receiver.calls).not.toContain('open')
})

describe('staging that goes away under the run is told as that, and the source is released:', () => {
  /** Calls `strike` in the middle of the second artefact. */
  const struckBy = (strike: () => Promise<unknown>) => {
    const [a, b] = contents()
    const read = async function* () {
      yield* noiseOf(size, 'b')
      await strike()
      yield* noiseOf(20 * MiB, 'more')
    }
    return new FakeEngine([a!, { ...b!, read }])
  }

  test('a disk that is pulled out', async () => {
    await using disk = await mountDisk('size=64m')
    const engine = struckBy(disk.vanish)
    const failure = await rig.backUp(engine, { staging: { dir: disk.path, maxBytes } }).catch(error => error)
    expect(failure).toMatchObject({ code: 'staging-vanished' })
    await expectReleased(engine, disk.path)
  })

  test('parts that somebody removes before they are sent', async () => {
    vault.intercept = request =>
      request.method === 'PUT' ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined
    const engine = struckBy(async () => {
      const parts = (await filesBelow(rig.dir)).filter(({ name }) => name.endsWith('.part'))
      expect(parts.length).toBeGreaterThan(0)
      for (const { name } of parts) await rm(name)
    })
    const failure = await rig.backUp(engine).catch(error => error)
    expect(failure).toMatchObject({ code: 'staging-vanished' })
    await expectReleased(engine, rig.dir)
  })
})

function lineOf(name: string, offset: number): IndexLine {
  return {
    name,
    role: 'data',
    unit: 'u',
    size: 1,
    sealedSize: 1,
    sha256: `${'A'.repeat(43)}=`,
    extents: [{ pack: 1, offset, length: 1 }],
  }
}
