import { generateX25519Identity } from 'age-encryption'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { openSealed } from '../../lambdas/restore-page/app/opening/open-sealed.ts'
import { Failure } from '../../shared/failure.ts'
import { seal } from '../../shared/sealed/seal.ts'
import { chunksOf, collect, newIdentity, noise, sealWithPrograms, text } from '../sealed/support.ts'
import { seed, times } from '../support/counts.ts'

let identity: string
let recipient: string
beforeAll(async () => {
  ;({ identity, recipient } = await newIdentity())
})

/** As a network brings it: chunks of any size, each with memory of its own. */
async function* fetched(bytes: Uint8Array, size = 60_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield new Uint8Array(bytes.subarray(at, at + size))
}
const sealed = (plain: Uint8Array) => collect(seal(chunksOf(plain), [recipient]))
const opened = (bytes: Uint8Array, size?: number, key = identity) => collect(openSealed(fetched(bytes, size), [key]))

describe('what the sealer made is opened in a browser', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['text', text(3_000_000)],
    ['noise', noise(1_000_000)],
    ['zeros', Buffer.alloc(40_000_000)],
    ['several frames', Buffer.concat([text(17_000_000), noise(17_000_000), text(17_000_000)])],
  ])('%s', async (_what, plain) => {
    expect((await opened(await sealed(plain))).equals(plain)).toBe(true)
  })

  test('any content in chunks of any size', async () => {
    const part = fc.tuple(
      fc.constantFrom(text, noise, (size: number) => Buffer.alloc(size)),
      fc.nat(200_000),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 100_000 }), async (parts, size) => {
        const plain = Buffer.concat(parts.map(([make, length]) => make(length)))
        const bytes = await sealed(plain)
        expect((await opened(bytes, Math.max(size, bytes.length / 2000))).equals(plain)).toBe(true)
      }),
      { seed, numRuns: times(200) },
    )
  })

  test.each([
    ['the usual level', 'zstd -c'],
    ['a large window', 'zstd -c --long=27 -19'],
    ['many workers and checksums', 'zstd -c -T2 -B1 --check'],
    ['an empty frame before and behind it', '(zstd -c < /dev/null; zstd -c "$1"; zstd -c < /dev/null)'],
    ['frames that hold no content', `(printf 'P*M\\030\\003\\0\\0\\0abc'; zstd -c "$1")`],
  ])('and what the programs make with %s', async (_what, zstd) => {
    const plain = text(1_500_000)
    expect((await opened(await sealWithPrograms(plain, [recipient], zstd))).equals(plain)).toBe(true)
  })
})

test('zeros come out little by little, however few bytes they were', async () => {
  const bytes = await sealed(Buffer.alloc(200_000_000))
  let [most, last] = [0, process.memoryUsage().arrayBuffers]
  const start = last
  for await (const chunk of openSealed(fetched(bytes), [identity])) {
    last = process.memoryUsage().arrayBuffers
    most = Math.max(most, last - start)
    expect(chunk.length).toBeLessThanOrEqual(128 * 1024)
  }
  expect(bytes.length).toBeLessThan(20_000)
  expect(most).toBeLessThan(100_000_000)
})

test('one changed bit or a missing end is never taken for the content', async () => {
  const plain = text(400_000)
  const bytes = await sealed(plain)
  const refused = (changed: Uint8Array) =>
    expect(opened(changed)).rejects.toMatchObject({
      code: expect.stringMatching(/^(sealed-damaged|identity-does-not-open)$/),
    })
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1 << bit
      await refused(changed)
      await refused(bytes.subarray(0, at))
    }),
    { seed, numRuns: times(300) },
  )
})

test('zstd that ends within a frame, or wants too much memory, is damaged however soundly it was encrypted', async () => {
  const cut = await sealWithPrograms(noise(300_000), [recipient], '(zstd -c "$1" | (head -c 200000; cat > /dev/null))')
  await expect(opened(cut)).rejects.toMatchObject({ code: 'sealed-damaged', why: expect.stringContaining('ends') })
  const header = String.raw`printf '\050\265\057\375\000\240\001\000\000'`
  const greedy = await sealWithPrograms(Buffer.alloc(0), [recipient], header)
  await expect(opened(greedy)).rejects.toMatchObject({ code: 'sealed-damaged', why: expect.stringContaining('memory') })
})

test('another identity does not open it', async () => {
  const bytes = await sealed(text(1000))
  await expect(opened(bytes, 100, await generateX25519Identity())).rejects.toMatchObject({
    code: 'identity-does-not-open',
  })
})

test('an age file with nothing in it, not even a frame, is damaged', async () => {
  const bytes = await sealWithPrograms(Buffer.alloc(0), [recipient], 'cat')
  await expect(opened(bytes)).rejects.toMatchObject({ code: 'sealed-damaged' })
})

test('an error of what is fetched comes out as it is, and who leaves early ends the fetch', async () => {
  const bytes = await sealed(noise(1_000_000))
  const broken = async function* () {
    yield* fetched(bytes.subarray(0, 500_000))
    throw new Failure('download-failed', 'The vault is away')
  }
  await expect(collect(openSealed(broken(), [identity]))).rejects.toMatchObject({ code: 'download-failed' })
  let ended = false
  const watched = async function* () {
    try {
      yield* fetched(bytes)
    } finally {
      ended = true
    }
  }
  for await (const _ of openSealed(watched(), [identity])) break
  expect(ended).toBe(true)
})
