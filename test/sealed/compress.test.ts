import { createHash } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Compressor } from '../../shared/sealed/compress.ts'
import { WideCompressor } from '../../shared/sealed/compress-wide.ts'
import { Decompressor } from '../../shared/sealed/decompress.ts'
import { seeded } from '../support/random.ts'
import { chunksOf, collect, noise, text } from './support.ts'

const MiB = 1024 * 1024

describe.each([
  { one: 'one compressor', Kind: Compressor },
  { one: 'one compressor with several threads', Kind: WideCompressor },
])('$one for many artefacts', ({ Kind }) => {
  test('each is whole by itself, whatever came before it', async () => {
    const compressor = new Kind()
    const sizes = [
      0,
      1,
      100,
      128 * 1024,
      256 * 1024 - 1,
      256 * 1024,
      256 * 1024 + 1,
      512 * 1024,
      3 * MiB,
      0,
      70_000,
      20 * MiB,
      5,
    ]
    for (const size of sizes) {
      const plain = text(size)
      const compressed = await collect(compressor.compress(chunksOf(plain, 65_536)))
      expect(zstdDecompressSync(compressed).equals(plain)).toBe(true)
    }
  })

  test('an artefact that breaks off, or that nobody reads to its end, leaves nothing in the next', async () => {
    const compressor = new Kind()
    const plain = noise(4 * MiB)
    const broken = async function* () {
      yield* chunksOf(plain.subarray(0, 3 * MiB))
      throw new Error('the source is gone')
    }
    for (const size of [0, 300_000, 3 * MiB]) {
      await expect(collect(compressor.compress(broken()))).rejects.toThrow('the source is gone')
      let closed = false
      const watched = async function* () {
        try {
          yield* chunksOf(plain)
        } finally {
          closed = true
        }
      }
      for await (const _ of compressor.compress(watched())) break
      await expect.poll(() => closed).toBe(true)
      const next = text(size)
      expect(zstdDecompressSync(await collect(compressor.compress(chunksOf(next)))).equals(next)).toBe(true)
    }
  })
})

test('a decompressor that was given damage, or that nobody read to its end, opens the next artefact', async () => {
  const decompressor = new Decompressor()
  const plain = text(3 * MiB)
  const compressed = await collect(new Compressor().compress(chunksOf(plain)))
  for (let round = 0; round < 3; round++) {
    const half = compressed.subarray(0, compressed.length / 2)
    await expect(collect(decompressor.decompress(chunksOf(half)))).rejects.toMatchObject({ code: 'sealed-damaged' })
    for await (const _ of decompressor.decompress(chunksOf(compressed))) break
    expect((await collect(decompressor.decompress(chunksOf(compressed, 10_000)))).equals(plain)).toBe(true)
  }
})

test('several threads make a result that is hardly larger, where what is alike lies close together', async () => {
  const plain = text(24 * MiB)
  const sizeBy = async (compressor: Pick<Compressor, 'compress'>) =>
    (await collect(compressor.compress(chunksOf(plain, MiB)))).length
  expect(await sizeBy(new WideCompressor(3))).toBeLessThan(1.03 * (await sizeBy(new Compressor(3))))
})

test('content that changes its nature is compressed as its parts deserve, and is one stream to who opens it', async () => {
  const parts = [noise(15 * MiB), prose(34 * MiB), noise(15 * MiB)]
  const plain = Buffer.concat(parts)
  const compressed = await collect(new Compressor().compress(chunksOf(plain, MiB)))
  const atLevel = async (level: number) => (await collect(new Compressor(level).compress(chunksOf(parts[1]!)))).length
  const [fast, usual] = [await atLevel(1), await atLevel(3)]
  expect(usual).toBeLessThan(fast * 0.98)
  expect(compressed.length - 30 * MiB).toBeLessThan((fast + usual) / 2)
  expect((await collect(new Decompressor().decompress(chunksOf(compressed, 100_000)))).equals(plain)).toBe(true)
})

// Node asks zstd once more where a frame ends together with the room for it, and zstd then writes an empty frame behind it.
test('a frame that ends where the output buffer ends is read like any other', async () => {
  let met = 0
  for (let size = 128 * 1024 - 40; size < 128 * 1024; size++) {
    const plain = noise(size)
    const compressed = await collect(new Compressor().compress(chunksOf(plain)))
    if (compressed.indexOf(Buffer.from('28b52ffd', 'hex'), 128 * 1024) > 0) met++
    expect((await collect(new Decompressor().decompress(chunksOf(compressed)))).equals(plain)).toBe(true)
  }
  expect(met).toBe(1)
})

/** Sentences that come again from far away, which the higher level finds more of. */
function prose(size: number): Buffer {
  const random = seeded(7)
  const sentences = Array.from({ length: 2500 }, (_, n) => `${createHash('sha256').update(`${n}`).digest('base64')}. `)
  const text: string[] = []
  for (let length = 0; length < size; length += sentences[0]!.length)
    text.push(sentences[Math.floor(random() * sentences.length)]!)
  return Buffer.from(text.join('')).subarray(0, size)
}
