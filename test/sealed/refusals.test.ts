import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { messageOf } from '../../shared/failure.ts'
import { payloadKey, sealChunk } from '../../shared/sealed/age.ts'
import { Compressor } from '../../shared/sealed/compress.ts'
import { encrypt } from '../../shared/sealed/encrypt.ts'
import { newHeader } from '../../shared/sealed/header.ts'
import { open } from '../../shared/sealed/open.ts'
import { chunkSize } from '../../shared/sealed/payload.ts'
import { parseRecipients } from '../../shared/sealed/recipient.ts'
import { newSealer, seal } from '../../shared/sealed/seal.ts'
import { seed, times } from '../support/counts.ts'
import { chunksOf, collect, newIdentity, noise, sealWithPrograms, text } from './support.ts'

let identity: string
let recipient: string
let header: number
/** Five chunks: every place of a chunk is met. */
let sealed: Buffer
const plain = noise(300_000)
const property = { seed, numRuns: times(1000) }
const refused = (bytes: Uint8Array) =>
  expect(collect(open(chunksOf(bytes, 70_001), [identity]))).rejects.toMatchObject({
    code: expect.stringMatching(/^(sealed-damaged|identity-does-not-open)$/),
    fix: expect.any(String),
  })

beforeAll(async () => {
  ;({ identity, recipient } = await newIdentity())
  sealed = await collect(seal(chunksOf(plain), [recipient]))
  header = sealed.indexOf('\n--- ') + 5 + 44
})

describe('what is not exactly what was sealed is refused', () => {
  test('any flipped bit', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(sealed)
        changed[at]! ^= 1 << bit
        await refused(changed)
      }),
      property,
    ))

  test('every flipped bit of the header', async () => {
    for (let at = 0; at < header; at++) {
      const changed = Buffer.from(sealed)
      changed[at]! ^= 1
      await refused(changed)
    }
  })

  test('any truncation', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), async length => {
        await refused(sealed.subarray(0, length))
      }),
      property,
    ))

  test('truncation at every border of a chunk', async () => {
    const first = header + 16
    for (let at = first; at < sealed.length; at += chunkSize + 16) await refused(sealed.subarray(0, at))
  })

  test('any extension', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), async more => {
        await refused(Buffer.concat([sealed, more]))
      }),
      { seed, numRuns: times(200) },
    ))

  test('any two chunks in each other’s place, or one twice', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(3), async (a, b) => {
        fc.pre(a !== b)
        const chunk = (n: number) => {
          const start = header + 16 + n * (chunkSize + 16)
          return [start, start + chunkSize + 16] as const
        }
        const swapped = Buffer.from(sealed)
        sealed.copy(swapped, chunk(a)[0], ...chunk(b))
        const twice = Buffer.from(swapped)
        sealed.copy(swapped, chunk(b)[0], ...chunk(a))
        await refused(swapped)
        await refused(twice)
      }),
      { seed, numRuns: 12 },
    ))

  test('the header of another artefact', async () => {
    const other = await collect(seal(chunksOf(plain), [recipient]))
    await refused(Buffer.concat([other.subarray(0, header), sealed.subarray(header)]))
  })

  test('an empty last chunk behind others', async () => {
    const made = newHeader(parseRecipients([recipient]))
    const nonce = noise(16)
    const key = payloadKey(made.fileKey, nonce)
    const content = Buffer.alloc(
      chunkSize,
      (await collect(new Compressor().compress(chunksOf(noise(chunkSize - 100))))) as Uint8Array,
    )
    const out = Buffer.alloc(2 * chunkSize)
    const end = sealChunk(key, 1, true, Buffer.alloc(0), out, sealChunk(key, 0, false, content, out, 0))
    await expect(
      collect(open(chunksOf(Buffer.concat([made.header, nonce, out.subarray(0, end)])), [identity])),
    ).rejects.toMatchObject({ code: 'sealed-damaged', why: 'its last chunk is empty' })
  })

  test('an age file of something that is not zstd, of half a frame, and of a frame with more behind it', async () => {
    const frame = await collect(new Compressor().compress(chunksOf(text(500_000))))
    const cases = [
      Buffer.from('not zstd'),
      Buffer.alloc(0),
      frame.subarray(0, frame.length - 1),
      Buffer.concat([frame, Buffer.from('more')]),
    ]
    for (const content of cases)
      for (const size of [frame.length, 1000]) {
        const made = await collect(encrypt(chunksOf(content, size), parseRecipients([recipient])))
        await expect(collect(open(chunksOf(made), [identity]))).rejects.toMatchObject({ code: 'sealed-damaged' })
      }
    await expect(
      collect(open(chunksOf(await sealWithPrograms(Buffer.from('x'), [recipient], 'cat')), [identity])),
    ).rejects.toMatchObject({ code: 'sealed-damaged' })
  })

  test('nothing at all, and what is no age file', async () => {
    await refused(Buffer.alloc(0))
    await refused(noise(100_000))
    await refused(Buffer.from('age-encryption.org/v1\n'))
  })
})

test('a foreign identity is told from damage', async () => {
  const other = await newIdentity()
  await expect(collect(open(chunksOf(sealed), [other.identity]))).rejects.toMatchObject({
    code: 'identity-does-not-open',
  })
  expect((await collect(open(chunksOf(sealed), [other.identity, identity]))).equals(plain)).toBe(true)
})

test('a recipient or identity that is none is refused at once, and an identity is never repeated', async () => {
  expect(() => newSealer([])).toThrow(/no recipient/)
  for (const wrong of [
    'age1',
    recipient.slice(0, -1),
    recipient.replace(/.$/, recipient.endsWith('q') ? 'p' : 'q'),
    'x',
  ])
    expect(() => newSealer([wrong])).toThrow(expect.objectContaining({ code: 'recipient-invalid' }))
  const wrong = identity.slice(0, -1)
  const error = await collect(open(chunksOf(sealed), [wrong])).catch(error => error)
  expect(error.code).toBe('identity-invalid')
  expect(`${error.line} ${messageOf(error)}`).not.toContain(wrong.slice(16))
})

test('an error of the content comes out, also before, in and behind the sample', async () => {
  for (const good of [0, 1000, 1_048_576, 3_000_000]) {
    const broken = async function* () {
      yield* chunksOf(text(good), 65_536)
      throw new Error('the table is gone')
    }
    await expect(collect(seal(broken(), [recipient]))).rejects.toThrow('the table is gone')
  }
})

test('leaving early ends the content', async () => {
  let ended = false
  const endless = async function* () {
    try {
      for (;;) yield noise(65_536)
    } finally {
      ended = true
    }
  }
  for await (const piece of seal(endless(), [recipient])) {
    expect(piece.length).toBeGreaterThan(0)
    break
  }
  await expect.poll(() => ended).toBe(true)
})
