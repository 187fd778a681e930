import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemWithName } from '../../../shared/restore/names.ts'
import { readNote } from '../../../uploader/engines/oracle/backup/note.ts'
import { formOf, joinPath, pathHere, safeName, splitPath } from '../../../uploader/engines/oracle/files/server-path.ts'
import { type ArchivedLog, isGap, logsBetween } from '../../../uploader/engines/oracle/logs/archived-log.ts'
import { atScn, clockAt, scnOf } from '../../../uploader/engines/oracle/position.ts'
import { fold, orderOf, scnAt, u16, u32 } from '../../../uploader/engines/oracle/verify/bytes.ts'
import { headerOf, isWhole } from '../../../uploader/engines/oracle/verify/data-file.ts'
import { encodeValue } from '../../doubles/tns/files/data-file.ts'
import { fileKind, firstBlock } from '../../doubles/tns/files/file-header.ts'
import { seed, times } from '../../support/counts.ts'

describe('a path of the server', () => {
  it.each([
    ['/u02/oradata/users01.dbf', 'unix', '/u02/oradata', 'users01.dbf'],
    ['/users01.dbf', 'unix', '/', 'users01.dbf'],
    ['D:\\ORADATA\\USERS01.DBF', 'windows', 'D:\\ORADATA', 'USERS01.DBF'],
    ['D:\\USERS01.DBF', 'windows', 'D:\\', 'USERS01.DBF'],
    ['\\\\filer\\ora\\u.dbf', 'windows', '\\\\filer\\ora', 'u.dbf'],
    ['D:/ora/u.dbf', 'windows', 'D:/ora', 'u.dbf'],
    ['+DATA/SHOP/DATAFILE/users.259.1', 'asm', '+DATA/SHOP/DATAFILE', 'users.259.1'],
  ])('%s is of the form %s', (path, form, directory, name) => {
    expect(formOf(path)).toBe(form)
    expect(splitPath(path)).toEqual({ directory, name })
  })

  it('is joined as its own system does', () => {
    expect(joinPath('D:\\exchange\\', 'a')).toBe('D:\\exchange\\a')
    expect(joinPath('/exchange', 'a')).toBe('/exchange/a')
  })

  it.each([
    ['/u02/ora/a.dbf', '/mnt/ora/a.dbf'],
    ['/u02/oradata/a.dbf', '/u02/oradata/a.dbf'],
    ['/u02/ora/deep/a.dbf', '/mnt/deep/a.dbf'],
    ['D:\\ORA\\Sub\\A.DBF', '/mnt/d/Sub/A.DBF'],
    ['d:/ora/a.dbf', '/mnt/d/a.dbf'],
  ])('%s lies at %s here', (path, here) => {
    const paths = [
      { server: '/u02/ora', here: '/mnt/ora/' },
      { server: '/u02/ora/deep', here: '/mnt/deep' },
      { server: 'D:\\ora', here: '/mnt/d' },
    ]
    expect(pathHere(path, paths)).toBe(here)
  })

  it('gives a name that every system takes, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), name => {
        expect(problemWithName(`datafiles/0001-${safeName(`/u/${name.replaceAll('/', '')}`)}`)).toBeUndefined()
      }),
      { seed, numRuns: times(1000) },
    )
  })
})

describe('an SCN', () => {
  it('sorts as text, and comes back whole, whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (a, b) => {
        expect(scnOf(atScn(String(a)))).toBe(String(a))
        expect(atScn(String(a)) < atScn(String(b))).toBe(a < b)
      }),
      { seed, numRuns: times(1000) },
    )
  })

  it('of more than six bytes is read as releases since 12.2 write it', () => {
    const bytes = Buffer.alloc(8)
    const scn = 0x0012_3456_89ab_cdefn
    bytes.writeUInt32LE(Number(scn & 0xffff_ffffn), 0)
    bytes.writeUInt16LE(0x8000 + Number(scn >> 48n), 4)
    bytes.writeUInt16LE(Number((scn >> 32n) & 0xffffn), 6)
    expect(scnAt(bytes, 0, 'little')).toBe(scn)
  })
})

it.each([
  ['2026-11-22T10:15:00.900Z', '+01:00', '2026-11-22T11:15:00'],
  ['2026-11-22T00:15:00Z', '-03:30', '2026-11-21T20:45:00'],
  ['2026-11-22T00:15:00+02:00', 'Z', '2026-11-21T22:15:00'],
])('%s is on a clock at %s %s', (instant, offset, clock) => expect(clockAt(instant, offset)).toBe(clock))

const log = (sequence: number, first: number, next: number, more: Partial<ArchivedLog> = {}): ArchivedLog => ({
  thread: 1,
  sequence,
  incarnation: '900',
  firstScn: String(first),
  nextScn: String(next),
  firstTime: '',
  nextTime: '',
  blockSize: 512,
  blocks: 1,
  paths: ['/a'],
  ...more,
})

describe('logs from one SCN to another', () => {
  const sequences = (found: ReturnType<typeof logsBetween>) =>
    isGap(found) ? found.reason : found.map(({ sequence }) => sequence)
  const all = [log(1, 10, 20), log(2, 20, 30), log(3, 30, 40)]

  it('follow one another', () => {
    expect(sequences(logsBetween(all, { thread: 1, from: '20', to: '40' }))).toEqual([2, 3])
    expect(sequences(logsBetween(all, { thread: 1, from: '10', to: '30' }))).toEqual([1, 2])
    expect(sequences(logsBetween(all, { thread: 1, from: '40', to: '40' }))).toEqual([])
  })

  it.each<[string, ArchivedLog[], RegExp]>([
    ['one is missing', [all[0]!, all[2]!], /sequence 2 of thread 1/],
    ['the first is missing', all.slice(1), /its beginning/],
    ['one was deleted everywhere', [all[0]!, log(2, 20, 30, { paths: [] }), all[2]!], /every copy of sequence 2/],
    ['numbers follow, and SCNs do not', [all[0]!, log(2, 21, 30), all[2]!], /sequence 2/],
    ['SCNs follow, and numbers do not', [all[0]!, log(3, 20, 30), log(4, 30, 40)], /sequence 2/],
    ['the newest is not listed', all.slice(0, 2), /no archived log of thread 1 holds SCN 30/],
  ])('have a gap where %s', (_, logs, reason) => {
    expect(sequences(logsBetween(logs, { thread: 1, from: '10', to: '40' }))).toMatch(reason)
  })

  it('never leave a gap silently', () => {
    const scn = fc.integer({ min: 1, max: 12 })
    const some = fc.record({ sequence: scn, first: scn, length: fc.integer({ min: 1, max: 4 }), there: fc.boolean() })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), scn, scn, (drawn, from, to) => {
        const logs = drawn
          .map(({ sequence, first, length, there }) => log(sequence, first, first + length, there ? {} : { paths: [] }))
          .sort((a, b) => a.sequence - b.sequence)
        const found = logsBetween(logs, { thread: 1, from: String(from), to: String(to) })
        if (isGap(found)) return
        const held = new Set(
          found.flatMap(({ firstScn, nextScn, paths }) => {
            expect(paths).not.toEqual([])
            return Array.from({ length: Number(nextScn) - Number(firstScn) }, (_, i) => Number(firstScn) + i)
          }),
        )
        for (let at = from; at < to; at++) expect(held.has(at)).toBe(true)
        for (const [i, { sequence }] of found.entries()) expect(sequence).toBe(found[0]!.sequence + i)
      }),
      { seed, numRuns: times(10_000) },
    )
  })
})

describe('a block', () => {
  const block = () => encodeValue(4, 5, 1_900_123n, 'hello', 2048)

  it('is whole as it is written, and when it was never used', () => {
    expect(isWhole(block(), 'little')).toBe(true)
    expect(isWhole(Buffer.alloc(2048), 'little')).toBe(true)
  })

  it('is not where any byte of it is another one', () => {
    fc.assert(
      fc.property(fc.nat(2047), fc.integer({ min: 1, max: 255 }), (at, by) => {
        // The flag that says whether there is a checksum cannot be held by it.
        fc.pre(at !== 15)
        const bytes = block()
        bytes[at] = bytes[at]! ^ by
        expect(isWhole(bytes, 'little')).toBe(false)
      }),
      { seed, numRuns: times(2000) },
    )
  })

  it('is not where its halves are of different writes', () => {
    const [one, other] = [block(), encodeValue(4, 5, 1_900_124n, 'hello', 2048)]
    expect(isWhole(Buffer.concat([one.subarray(0, 1024), other.subarray(1024)]), 'little')).toBe(false)
  })

  it('lies anywhere in memory', () => {
    const odd = Buffer.concat([Buffer.alloc(1), block()]).subarray(1)
    expect(fold(odd)).toBe(0)
    expect(isWhole(odd, 'little')).toBe(true)
  })
})

describe('the order of bytes', () => {
  it('is told by the first block', () => {
    const start = firstBlock(fileKind.data, 8, 2048)
    expect(orderOf(start)).toBe('little')
    const swapped = Buffer.from(start)
    swapped.swap32()
    expect(orderOf(swapped)).toBe('big')
    expect(orderOf(Buffer.alloc(64))).toBeUndefined()
    expect(headerOf(Buffer.alloc(4096))).toBeUndefined()
  })

  it('makes the same numbers of either', () => {
    const little = Buffer.from([1, 2, 3, 4])
    const big = Buffer.from([4, 3, 2, 1])
    expect(u32(little, 0, 'little')).toBe(u32(big, 0, 'big'))
    expect(u16(little, 0, 'little')).toBe(u16(big, 2, 'big'))
  })
})

describe('the note of what is in backup mode', () => {
  it('that cannot be read is not taken for none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'failsafe-oracle-note-'))
    const path = join(directory, 'undo.json')
    expect(await readNote(path)).toBeUndefined()
    for (const content of ['', '{"format":"other"}']) {
      writeFileSync(path, content)
      await expect(readNote(path)).rejects.toMatchObject({ code: 'oracle-journal' })
    }
    rmSync(directory, { recursive: true })
  })
})
