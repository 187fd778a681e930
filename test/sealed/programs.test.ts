import { describe, expect, test } from 'vitest'
import { open } from '../../shared/sealed/open.ts'
import { seal } from '../../shared/sealed/seal.ts'
import { chunksOf, collect, newIdentity, noise, openWithPrograms, sealWithPrograms, text } from './support.ts'

const KiB = 1024
const contents: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('x')],
  ['a little text', text(5000)],
  ['text of exactly 64 KiB', text(64 * KiB)],
  ['noise of exactly 64 KiB', noise(64 * KiB)],
  ['noise of exactly 128 KiB', noise(128 * KiB)],
  ['text of 600 KiB', text(600 * KiB)],
  ['exactly one sample of text', text(1024 * KiB)],
  ['one byte more than the sample', noise(1024 * KiB + 1)],
  ['5 MiB of text', text(5 * 1024 * KiB)],
  ['3 MiB of noise', noise(3 * 1024 * KiB)],
]

describe.each(contents)('%s', (_name, plain) => {
  test('sealed here is opened by age and zstd', async () => {
    const { identity, recipient } = await newIdentity()
    const sealed = await collect(seal(chunksOf(plain), [recipient]))
    expect((await openWithPrograms(sealed, identity)).equals(plain)).toBe(true)
  })

  test('sealed by zstd and age is opened here', async () => {
    const { identity, recipient } = await newIdentity()
    const sealed = await sealWithPrograms(plain, [recipient])
    expect((await collect(open(chunksOf(sealed, 777), [identity]))).equals(plain)).toBe(true)
  })

  test('sealed here is opened here, however it is cut into chunks', async () => {
    const { identity, recipient } = await newIdentity()
    for (const size of [plain.length + 1, 65_536, 65_552, 131_072 + 5, 999]) {
      const sealed = await collect(seal(chunksOf(plain, size), [recipient]))
      expect((await collect(open(chunksOf(sealed, size), [identity]))).equals(plain)).toBe(true)
    }
  })
})

test('each of several recipients opens it, here and with age', async () => {
  const all = await Promise.all([newIdentity(), newIdentity(), newIdentity()])
  const plain = text(200_000)
  const sealed = await collect(
    seal(
      chunksOf(plain),
      all.map(one => one.recipient),
    ),
  )
  for (const { identity } of all) {
    expect((await collect(open(chunksOf(sealed), [identity]))).equals(plain)).toBe(true)
    expect((await openWithPrograms(sealed, identity)).equals(plain)).toBe(true)
  }
  const theirs = await sealWithPrograms(
    plain,
    all.map(one => one.recipient),
  )
  for (const { identity } of all) expect((await collect(open(chunksOf(theirs), [identity]))).equals(plain)).toBe(true)
})

test('every given level is a frame that zstd reads, and noise is kept about as it is', async () => {
  const { identity, recipient } = await newIdentity()
  const dense = noise(3_000_000)
  for (const level of [undefined, 1, 3, 9]) {
    const sealed = await collect(seal(chunksOf(dense), [recipient], level === undefined ? {} : { level }))
    expect(sealed.length).toBeLessThan(dense.length * 1.001 + 500)
    expect((await openWithPrograms(sealed, identity)).equals(dense)).toBe(true)
  }
})

// Of two frames in one chunk Node's decompressor leaves the second unread, which must not pass for success.
test('several frames one behind the other are read to the end, as the programs read them', async () => {
  const { identity, recipient } = await newIdentity()
  const frames = '(head -c 100000 | zstd -c; head -c 50 | zstd -c; zstd -c < /dev/null; zstd -c)'
  const plain = text(300_000)
  const sealed = await sealWithPrograms(plain, [recipient], frames)
  for (const size of [sealed.length, 1000, 1])
    expect((await collect(open(chunksOf(sealed, size), [identity]))).equals(plain)).toBe(true)
})

test('what follows the last frame and is none is refused and never left out in silence', async () => {
  const { identity, recipient } = await newIdentity()
  for (const tail of [
    'printf x',
    'head -c 3 /dev/zero',
    'zstd -c < /dev/null | head -c 7',
    'head -c 70000 /dev/urandom',
  ]) {
    const sealed = await sealWithPrograms(text(300_000), [recipient], `(zstd -c; ${tail})`)
    for (const size of [sealed.length, 1000])
      await expect(collect(open(chunksOf(sealed, size), [identity]))).rejects.toMatchObject({ code: 'sealed-damaged' })
  }
})
