import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Claimed } from '../../../uploader/engines/sqlserver/door/digest.ts'
import { Intake, type ListedPart } from '../../../uploader/engines/sqlserver/door/intake.ts'
import { Refused } from '../../../uploader/engines/sqlserver/door/refused.ts'
import { Spool } from '../../../uploader/engines/sqlserver/door/spool.ts'
import { seed, times } from '../../support/counts.ts'
import { temporaryDirectory } from '../../uploader/directory.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let intake: Intake

beforeEach(async () => {
  directory = await temporaryDirectory()
  intake = new Intake(new Spool(directory.in('spool')))
  intake.begin()
})
afterEach(async () => {
  intake.abandon()
  await directory[Symbol.asyncDispose]()
})

const never = () => new AbortController().signal
const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex')
const claimed = (content: Buffer): Claimed => ({
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  md5: undefined,
})
const part = (number: number, size = 1000) => Buffer.concat([Buffer.from(`part ${number} `), randomBytes(size)])
const take = (number: number, content: Buffer, body: Readable = Readable.from([content]), of = intake) =>
  of.take(number, claimed(content), body, never())
const spooled = () => readdir(directory.in('spool')).catch(() => [])
/** Copied as it comes: its buffers are used again. */
async function readAll(of = intake): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of of.read()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Long enough for whatever could go on by itself. */
const moment = () => new Promise(resolve => setTimeout(resolve, 30))

describe('parts of an object', () => {
  it('come to the reader in their order, in whatever order they came', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      async (sizes, choices) => {
        const one = new Intake(new Spool(directory.in('spool')))
        one.begin()
        const parts = sizes.map((size, i) => ({ number: i + 1, content: part(i + 1, size) }))
        const order = parts.toSorted(() => (choices.next().value % 2 === 0 ? -1 : 1))
        const read = readAll(one)
        const listed: ListedPart[] = []
        // Four connections, each sends one after the other.
        const send = async () => {
          for (let next = order.shift(); next; next = order.shift())
            listed.push({ number: next.number, etag: await take(next.number, next.content, undefined, one) })
        }
        await Promise.all([send(), send(), send(), send()])
        one.complete(listed.toSorted((a, b) => a.number - b.number))
        expect(await read).toEqual(Buffer.concat(parts.map(({ content }) => content)))
        expect(one.size).toBe(parts.reduce((sum, { content }) => sum + content.length, 0))
        expect(await spooled()).toEqual([])
      },
    )
    await fc.assert(property, { seed, numRuns: times(500) })
  })

  it('wait in their connections for those that are coming before them, and nothing of them is on the disk', async () => {
    const [first, second] = [part(1), part(2)]
    const slow = new PassThrough()
    const one = take(1, first, slow)
    const two = take(2, second)
    await moment()
    expect(await spooled()).toEqual([])
    slow.end(first)
    expect(await Promise.all([one, two])).toEqual([md5(first), md5(second)])
  })

  it('are spooled where one before them may never come as long as they wait, and the disk shows nothing of them', async () => {
    const [first, second] = [part(1), Buffer.from('all of the customers '.repeat(500))]
    await take(2, second)
    const [file] = await spooled()
    const stored = await readFile(join(directory.in('spool'), file!))
    expect(stored).toHaveLength(second.length)
    expect(stored.includes('customers')).toBe(false)
    await take(1, first)
    intake.complete([
      { number: 1, etag: md5(first) },
      { number: 2, etag: md5(second) },
    ])
    expect(await readAll()).toEqual(Buffer.concat([first, second]))
    expect(await spooled()).toEqual([])
  })

  it('that the disk has changed meanwhile are not given to the reader as if they were whole', async () => {
    const second = part(2)
    await take(2, second)
    const [file] = await spooled()
    const path = join(directory.in('spool'), file!)
    const stored = await readFile(path)
    stored[5]! ^= 1
    await writeFile(path, stored)
    const first = part(1)
    await take(1, first)
    await expect(readAll()).rejects.toThrow()
  })

  it('are not taken faster than they are read: two are in memory at most', async () => {
    const parts = [1, 2, 3].map(number => part(number))
    await take(1, parts[0]!)
    await take(2, parts[1]!)
    let taken = false
    const third = take(3, parts[2]!).then(() => {
      taken = true
    })
    await moment()
    expect([taken, intake.isHeldUp]).toEqual([false, true])
    const reader = intake.read()
    await reader.next()
    await reader.next()
    await third
    expect(await spooled()).toEqual([])
    await reader.return()
  })

  it('whose connection breaks can be sent again: nothing of the first try has reached the reader', async () => {
    const content = part(1)
    const broken = new PassThrough()
    const first = take(1, content, broken)
    broken.write(content.subarray(0, 100))
    await moment()
    broken.destroy(new Error('reset'))
    await expect(first).rejects.toThrow('reset')
    await take(1, content)
    intake.complete([{ number: 1, etag: md5(content) }])
    expect(await readAll()).toEqual(content)
  })

  it('that are sent again while the first connection hangs are taken from the second', async () => {
    const content = part(1)
    const hanging = new PassThrough()
    const first = take(1, content, hanging)
    hanging.write(content.subarray(0, 100))
    await moment()
    const again = take(1, content)
    await expect(first).rejects.toThrow()
    expect(hanging.destroyed).toBe(true)
    expect(await again).toBe(md5(content))
  })

  it('whose answer was lost may come again as they were, and not as others', async () => {
    const content = part(1)
    await take(1, content)
    expect(await take(1, content)).toBe(md5(content))
    await expect(take(1, part(1))).rejects.toMatchObject({ code: 'InvalidPart' })
    expect(intake.size).toBe(content.length)
  })

  it('that are not what was signed are refused, and can be sent once more', async () => {
    const content = part(1)
    const other = Readable.from([part(1)])
    await expect(intake.take(1, claimed(content), other, never())).rejects.toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
    })
    const wrong = { ...claimed(content), sha256: undefined, md5: 'AAAAAAAAAAAAAAAAAAAAAA==' }
    await expect(intake.take(1, wrong, Readable.from([content]), never())).rejects.toMatchObject({ code: 'BadDigest' })
    expect(await take(1, content)).toBe(md5(content))
  })
})

describe('the end of an object', () => {
  it('is not before the server has said which parts it has', async () => {
    const content = part(1)
    await take(1, content)
    let ended = false
    const read = readAll().finally(() => {
      ended = true
    })
    await moment()
    expect(ended).toBe(false)
    const etag = intake.complete([{ number: 1, etag: md5(content) }])
    expect(intake.complete([{ number: 1, etag: md5(content) }])).toBe(etag)
    expect(await read).toEqual(content)
  })

  it('may leave numbers out', async () => {
    const [first, fifth] = [part(1), part(5)]
    await take(1, first)
    await take(5, fifth)
    intake.complete([
      { number: 1, etag: md5(first) },
      { number: 5, etag: md5(fifth) },
    ])
    expect(await readAll()).toEqual(Buffer.concat([first, fifth]))
  })

  it.each<[string, (etag: string) => ListedPart[]]>([
    ['none', () => []],
    [
      'one that never came',
      etag => [
        { number: 1, etag },
        { number: 2, etag },
      ],
    ],
    ['another content', () => [{ number: 1, etag: md5(Buffer.from('x')) }]],
    [
      'another order',
      etag => [
        { number: 1, etag },
        { number: 1, etag },
      ],
    ],
  ])('is refused with %s of the parts', async (_, list) => {
    const etag = await take(1, part(1))
    expect(() => intake.complete(list(etag))).toThrow(Refused)
  })

  it('is refused without a part that was read', async () => {
    const [first, third] = [part(1), part(3)]
    await take(1, first)
    await take(3, third)
    expect(() => intake.complete([{ number: 3, etag: md5(third) }])).toThrow(/read/)
  })

  it('comes at once where it is abandoned, for the reader and for all that wait', async () => {
    const parts = [1, 2, 3].map(number => part(number))
    await take(1, parts[0]!)
    await take(2, parts[1]!)
    const waiting = take(3, parts[2]!)
    const reader = intake.read()
    await reader.next()
    intake.abandon()
    await expect(waiting).rejects.toThrow()
    expect((await reader.next()).done).toBe(true)
    await expect(take(4, part(4))).rejects.toMatchObject({ code: 'NoSuchUpload' })
  })

  it('comes for the server too where the reader goes away', async () => {
    await take(1, part(1))
    await take(2, part(2))
    await take(4, part(4))
    const reader = intake.read()
    await reader.next()
    await reader.return()
    await expect(take(3, part(3))).rejects.toMatchObject({ code: 'NoSuchUpload' })
    expect(await spooled()).toEqual([])
  })
})
