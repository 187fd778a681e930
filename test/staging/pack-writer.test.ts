import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import type { Extent } from '../../shared/manifest.ts'
import { Budget } from '../../uploader/staging/budget.ts'
import { RunDirectory } from '../../uploader/staging/directory.ts'
import { PackWriter, type StagedPart } from '../../uploader/staging/pack-writer.ts'
import { Unsynced } from '../../uploader/staging/unsynced.ts'
import { seed, times } from '../support/counts.ts'

const partSize = 1000
const partsPerPack = 3

/** Lets `work` write through a writer and says what came of it. */
async function written(work: (writer: PackWriter) => Promise<void>) {
  const staging = await mkdtemp(join(tmpdir(), 'failsafe-packs-'))
  try {
    const directory = await RunDirectory.make(staging, newUlid(), newUlid())
    const parts: (StagedPart & { bytes: Buffer; mode: number })[] = []
    const ends: { pack: number; parts: number }[] = []
    let packs = 0
    const writer = new PackWriter({
      directory,
      budget: new Budget(1000),
      partSize,
      partsPerPack,
      unsynced: new Unsynced(directory),
      nextPack: () => ++packs,
      async onPart(part) {
        parts.push({ ...part, bytes: await readFile(part.path), mode: (await stat(part.path)).mode & 0o777 })
      },
      onPackEnd: (pack, count) => ends.push({ pack, parts: count }),
      signal: new AbortController().signal,
    })
    await work(writer)
    await writer.end()
    expect((await stat(directory.path)).mode & 0o777).toBe(0o700)
    return { parts: parts.sort((a, b) => a.pack - b.pack || a.number - b.number), ends }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

test('whatever is written in whatever pieces, the extents lead to exactly it, in parts of exactly the part size', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 1, max: 2500 }), { minLength: 1, maxLength: 5 }), {
        minLength: 1,
        maxLength: 8,
      }),
      async artefacts => {
        const kept: { bytes: Buffer; extents: Extent[] }[] = []
        const reused = Buffer.alloc(2500)
        const { parts, ends } = await written(async writer => {
          for (const sizes of artefacts) {
            const pieces = sizes.map(size => randomBytes(size))
            for (const piece of pieces) {
              reused.set(piece)
              await writer.write(reused.subarray(0, piece.length))
              reused.fill(0)
            }
            kept.push({ bytes: Buffer.concat(pieces), extents: writer.takeExtents() })
          }
        })
        const packs = ends.map(end => parts.filter(({ pack }) => pack === end.pack))
        for (const [i, pack] of packs.entries()) {
          expect(pack.map(({ number }) => number)).toEqual(Array.from({ length: ends[i]!.parts }, (_, n) => n + 1))
          expect(pack.length).toBeLessThanOrEqual(partsPerPack)
          expect(pack.slice(0, -1).every(({ size }) => size === partSize)).toBe(true)
        }
        for (const { bytes, size, digest, mode } of parts) {
          expect(bytes.length).toBe(size)
          expect(digest.equals(createHash('sha256').update(bytes).digest())).toBe(true)
          expect(mode).toBe(0o600)
        }
        const contents = packs.map(pack => Buffer.concat(pack.map(({ bytes }) => bytes)))
        for (const { bytes, extents } of kept) {
          const found = extents.map(({ pack, offset, length }) => contents[pack - 1]!.subarray(offset, offset + length))
          expect(Buffer.concat(found).equals(bytes)).toBe(true)
        }
      },
    ),
    { seed, numRuns: times(300) },
  ))

test('after a flush the parts before are announced, and the unfinished one holds what it says', async () => {
  const bytes = randomBytes(2300)
  await written(async writer => {
    expect(await writer.flush()).toBeUndefined()
    await writer.write(bytes)
    const tail = await writer.flush()
    expect(tail).toMatchObject({ pack: 1, number: 3, size: 300 })
    expect(tail!.digest.equals(createHash('sha256').update(bytes.subarray(2000)).digest())).toBe(true)
    await writer.write(randomBytes(500))
    const [extent] = writer.takeExtents()
    expect(extent).toEqual({ pack: 1, offset: 0, length: 2800 })
  }).then(({ parts }) => expect(parts[2]!.bytes.subarray(0, 300).equals(bytes.subarray(2000))).toBe(true))
})

test('the disk is waited for at a flush alone, and only for what is still to be sent', async () => {
  const staging = await mkdtemp(join(tmpdir(), 'failsafe-packs-'))
  const directory = await RunDirectory.make(staging, newUlid(), newUlid())
  const unsynced = new Unsynced(directory)
  const { file: prototype, synced } = await watchSyncs(staging)
  try {
    const parts: StagedPart[] = []
    const writer = new PackWriter({
      directory,
      budget: new Budget(1000),
      partSize,
      partsPerPack,
      unsynced,
      nextPack: () => 1,
      onPart: async part => void parts.push(part),
      onPackEnd: () => {},
      signal: new AbortController().signal,
    })
    await writer.write(randomBytes(2500))
    await expect.poll(() => parts).toHaveLength(2)
    expect(synced()).toBe(0)
    await rm(parts[0]!.path)
    unsynced.forget(parts[0]!.path)
    await writer.flush()
    expect(synced(), 'the second part, and what there is of the third').toBe(2)
    await writer.flush()
    expect(synced(), 'the third again').toBe(3)
    await writer.discard()
  } finally {
    prototype.mockRestore()
    await rm(staging, { recursive: true, force: true })
  }
})

test('what the disk refuses at the end is told as a failure of the staging directory', async () => {
  const staging = await mkdtemp(join(tmpdir(), 'failsafe-packs-'))
  const directory = await RunDirectory.make(staging, newUlid(), newUlid())
  const unsynced = new Unsynced(directory)
  const { file } = await watchSyncs(staging)
  file.mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
  try {
    const path = directory.part(1, 1)
    await writeFile(path, 'part')
    unsynced.add(path)
    const first = unsynced.sync()
    const second = unsynced.sync()
    await expect(first).rejects.toMatchObject({ code: expect.stringMatching(/^staging-/) })
    // The part is still not on disk: whoever waits after that is not told that it is.
    await second
    expect(file.mock.calls.length).toBe(2)
  } finally {
    file.mockRestore()
    await rm(staging, { recursive: true, force: true })
  }
})

/** Counts how often a file's bytes were waited for. */
async function watchSyncs(directory: string) {
  const probe = await open(join(directory, 'probe'), 'w')
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const file = vi.spyOn(prototype, 'datasync')
  return { file, synced: () => file.mock.calls.length }
}

test('a writer that got nothing makes no pack', async () => {
  expect(await written(async () => {})).toEqual({ parts: [], ends: [] })
})

test('an error while a part is announced ends the writer', async () => {
  const staging = await mkdtemp(join(tmpdir(), 'failsafe-packs-'))
  const directory = await RunDirectory.make(staging, newUlid(), newUlid())
  const writer = new PackWriter({
    directory,
    unsynced: new Unsynced(directory),
    budget: new Budget(10),
    partSize,
    partsPerPack,
    nextPack: () => 1,
    onPart: () => Promise.reject(new Error('the journal is full')),
    onPackEnd: () => {},
    signal: new AbortController().signal,
  })
  await writer.write(randomBytes(partSize + 1))
  await expect(writer.end()).rejects.toThrow('the journal is full')
  await expect(writer.write(randomBytes(1))).rejects.toThrow('the journal is full')
  await writer.discard()
  await rm(staging, { recursive: true, force: true })
})
