import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseCheckpoint } from '../../../uploader/engines/exchange/ese/checkpoint.ts'
import { hasGoodChecksum } from '../../../uploader/engines/exchange/ese/checksum.ts'
import { requireCoverage, type StagedLog } from '../../../uploader/engines/exchange/ese/coverage.ts'
import { databaseStates, parseDatabaseHeader } from '../../../uploader/engines/exchange/ese/database-header.ts'
import { logTime } from '../../../uploader/engines/exchange/ese/fields.ts'
import { parseLogHeader } from '../../../uploader/engines/exchange/ese/log-header.ts'
import { generationOf } from '../../../uploader/engines/exchange/ese/log-name.ts'
import { checkPage } from '../../../uploader/engines/exchange/ese/page-checksum.ts'
import { readDatabaseHeader } from '../../../uploader/engines/exchange/ese/read.ts'
import { readPages } from '../../../uploader/engines/exchange/ese/read-pages.ts'
import { sealOldPage, sealPage } from '../../doubles/windows/ese/seal-page.ts'
import {
  checkpointFile,
  type DatabaseFields,
  databaseFile,
  databaseHeader,
  logFile,
  logHeader,
  newSignature,
  sealHeader,
  timeBytes,
} from '../../doubles/windows/ese/write.ts'
import { seed, times } from '../../support/counts.ts'

const signDb = newSignature(new Date('2026-01-02T03:04:05Z'))
const signLog = newSignature(new Date('2026-01-02T03:04:06Z'))
const dirty: DatabaseFields = { state: 'Dirty Shutdown', signDb, signLog, required: { min: 5, max: 7 }, committed: 8 }

describe('the header of a database', () => {
  const sizes = fc.constantFrom(4096, 8192, 16_384, 32_768)
  const hex = (length: number) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map(each => Buffer.from(each).toString('hex'))
  const generation = fc.integer({ min: 0, max: 0x7ffff800 })
  const fields = fc.record({
    state: fc.constantFrom(...databaseStates),
    signDb: hex(28),
    signLog: hex(28),
    required: fc.record({ min: generation, max: generation }),
    committed: generation,
    repairs: fc.nat(5),
    consistent: generation,
    pageSize: sizes,
  })

  it('is read as it was written, whatever the page size', () => {
    fc.assert(
      fc.property(fields, written => {
        const { header, shadow } = parseDatabaseHeader(databaseHeader(written), 'x.edb')
        expect(shadow).toBe(false)
        const { consistent, ...others } = written
        expect(header).toMatchObject(others)
        expect(header.consistent.generation).toBe(consistent)
      }),
      { numRuns: times(1000), seed },
    )
  })

  it('of which any byte of the first page is damaged is read from the second page; of which both are is refused', () => {
    fc.assert(
      fc.property(fields, fc.nat(4095), fc.integer({ min: 1, max: 255 }), (written, at, flip) => {
        const bytes = databaseHeader(written)
        bytes[at]! ^= flip
        const { header, shadow } = parseDatabaseHeader(bytes, 'x.edb')
        expect(shadow).toBe(true)
        expect(header).toMatchObject({ signLog: written.signLog, required: written.required, state: written.state })
        bytes[written.pageSize + at]! ^= flip
        expect(() => parseDatabaseHeader(bytes, 'x.edb')).toThrow(/x\.edb/)
      }),
      { numRuns: times(2000), seed },
    )
  })

  it('is neither found in random bytes nor in a file that is too short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), bytes => {
        expect(() => parseDatabaseHeader(Buffer.from(bytes), 'x.edb')).toThrow('is not a database of Exchange')
      }),
      { numRuns: times(300), seed },
    )
  })

  it('with a null state, of another type, or with pages of no size that there is, is refused', () => {
    const change = (at: number, value: number) => {
      const bytes = databaseHeader(dirty)
      for (const page of [0, 32_768]) {
        bytes.writeUInt32LE(value, page + at)
        sealHeader(bytes.subarray(page, page + 32_768))
      }
      return () => parseDatabaseHeader(bytes, 'x.edb')
    }
    expect(change(52, 0)).toThrow('x.edb is not a database')
    expect(change(52, 9)).toThrow('x.edb is not a database')
    expect(change(667, 3)).toThrow('x.edb is not a database')
    expect(change(236, 12_345)).toThrow('x.edb is not a database')
  })

  it('says dirty by its state alone, whatever the consistent position', () => {
    const { header } = parseDatabaseHeader(databaseHeader({ ...dirty, consistent: 77 }), 'x.edb')
    expect(header.consistent.generation).toBe(77)
    expect(header.state).toBe('Dirty Shutdown')
  })
})

describe('the header of a log', () => {
  const created = timeBytes(new Date('2026-11-30T02:00:00Z')).toString('hex')
  const written = { generation: 0x1f, created, previousCreated: '01'.repeat(8), signLog, circular: false }

  it('is read as it was written', () => {
    expect(parseLogHeader(logFile(written, ''), 'E000000001F.log')).toEqual({
      ...written,
      size: 1024 * 1024,
      version: { major: 8, minor: 4000 },
    })
  })

  it('is refused with any one byte changed, of another type, of another version, or cut off', () => {
    fc.assert(
      fc.property(fc.nat(4095), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = logHeader(written)
        bytes[at]! ^= flip
        expect(() => parseLogHeader(bytes, 'x.log')).toThrow('x.log is not whole')
      }),
      { numRuns: times(2000), seed },
    )
    expect(() => parseLogHeader(checkpointFile({ generation: 1, signLog }), 'x.log')).toThrow('x.log is not whole')
    const version = { major: 9, minor: 0 }
    expect(() => parseLogHeader(logHeader({ ...written, version }), 'x.log')).toThrow('x.log is not whole')
    expect(() => parseLogHeader(logHeader(written).subarray(0, 4000), 'x.log')).toThrow('x.log is not whole')
  })

  it('tells of circular logging', () => {
    expect(parseLogHeader(logHeader({ ...written, circular: true }), 'x.log').circular).toBe(true)
  })
})

test('a checkpoint tells its place and its stream; one that is damaged tells nothing', () => {
  const bytes = checkpointFile({ generation: 9, signLog })
  expect(parseCheckpoint(bytes)).toMatchObject({ at: { generation: 9 }, signLog })
  bytes[100]! ^= 1
  expect(parseCheckpoint(bytes)).toBeUndefined()
})

test('a time of a log is read with its milliseconds', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1950-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), at => {
      expect(logTime(timeBytes(at), 0)).toBe(at.toISOString())
    }),
    { numRuns: times(1000), seed },
  )
  expect(logTime(Buffer.alloc(8), 0)).toBeNull()
})

describe('the name of a closed log', () => {
  it.each([
    ['E000000001F.log', 0x1f],
    ['e000000001f.LOG', 0x1f],
    ['E00FFFFF.log', 0xfffff],
    ['E0000100000.log', 0x100000],
  ])('%s says %i', (name, generation) => expect(generationOf(name, 'E00')).toBe(generation))

  it.each(['E00.log', 'E00tmp.log', 'E00res00001.jrs', 'E00.chk', 'E010000001F.log', 'E0000001F.log', 'tmp.edb'])(
    '%s is none',
    name => expect(generationOf(name, 'E00')).toBeUndefined(),
  )
})

describe('a page of a database', () => {
  const sizes = fc.constantFrom(4096, 8192, 16_384, 32_768)
  const page = (size: number, bytes: Uint8Array, number: number) => {
    const made = Buffer.alloc(size)
    for (let at = 40; at < size; at += bytes.length + 13) made.set(bytes.subarray(0, size - at), at)
    if (size > 8192) made.fill(0, 40, 64)
    sealPage(made, number)
    return made
  }
  const words = (bytes: Buffer) => new Int32Array(new Uint8Array(bytes).buffer)
  const made = fc.tuple(sizes, fc.uint8Array({ minLength: 8, maxLength: 64 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }))

  it('is good where its sums are those that the source of ESE defines, and damaged where it is another page', () => {
    fc.assert(
      fc.property(made, ([size, bytes, number]) => {
        const sealed = words(page(size, bytes, number))
        expect(checkPage(sealed, 0, size / 4, number)).toBe('good')
        expect(checkPage(sealed, 0, size / 4, number === 1 ? 2 : number - 1)).not.toBe('good')
      }),
      { numRuns: times(500), seed },
    )
  })

  it('with one wrong bit is mended, with two in a block it is damaged', () => {
    fc.assert(
      fc.property(made, fc.nat(), fc.nat(), ([size, bytes, number], first, second) => {
        const sealed = page(size, bytes, number)
        const block = size > 8192 ? size / 4 : size
        // Behind what holds the sums and the flags.
        const place = (at: number) => 512 + (at % ((block - 64) * 8))
        const flip = (at: number) => {
          sealed[at >> 3]! ^= 1 << (at & 7)
        }
        flip(place(first))
        expect(checkPage(words(sealed), 0, size / 4, number)).toBe('mended')
        if (place(first) === place(second)) return
        flip(place(second))
        expect(checkPage(words(sealed), 0, size / 4, number)).toBe('damaged')
      }),
      { numRuns: times(500), seed },
    )
  })

  it('of the old format is good or damaged; one that was never written is empty', () => {
    const old = Buffer.alloc(4096, 3)
    old.writeUInt32LE(0, 36)
    sealOldPage(old, 17)
    expect(checkPage(words(old), 0, 1024, 17)).toBe('good')
    expect(checkPage(words(old), 0, 1024, 18)).toBe('damaged')
    old[3000]! ^= 1
    expect(checkPage(words(old), 0, 1024, 17)).toBe('damaged')
    expect(checkPage(new Int32Array(1024), 0, 1024, 17)).toBe('empty')
  })
})

describe('the whole file', () => {
  const read = async (bytes: Buffer, size = bytes.length) => {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-ese-'))
    const path = join(directory, 'x.edb')
    await writeFile(path, bytes)
    const mended: number[] = []
    const chunks: Buffer[] = []
    try {
      for await (const chunk of readPages(path, { name: 'x.edb', pageSize: 32_768, size }, page => mended.push(page)))
        chunks.push(Buffer.from(chunk))
      return { mended, read: Buffer.concat(chunks) }
    } finally {
      await rm(directory, { recursive: true })
    }
  }
  const file = databaseFile(dirty, 'mail '.repeat(500_000))

  it('comes out byte for byte, and every page was looked at', async () => {
    expect((await read(file)).read.equals(file)).toBe(true)
    const bad = Buffer.from(file)
    bad.fill(7, 40 * 32_768, 40 * 32_768 + 1000)
    await expect(read(bad)).rejects.toMatchObject({
      code: 'exchange-page-damaged',
      why: 'the checksum of page 39 is wrong (JET_errReadVerifyFailure, -1018)',
    })
    const bit = Buffer.from(file)
    bit[45 * 32_768 + 30_000]! ^= 1
    expect((await read(bit)).mended).toEqual([44])
  })

  it('that grew or was cut while it was read is refused', async () => {
    await expect(read(file, file.length + 32_768)).rejects.toMatchObject({ code: 'exchange-file-changed' })
    await expect(read(file.subarray(0, file.length - 100), file.length - 100)).rejects.toMatchObject({
      code: 'exchange-file-changed',
    })
  })
})

describe('what a database needs of its logs', () => {
  const logs = (first: number, last: number, change: (log: StagedLog) => void = () => {}): StagedLog[] =>
    Array.from({ length: last - first + 1 }, (_, i) => {
      const generation = first + i
      const time = (n: number) => timeBytes(new Date(Date.UTC(2026, 0, 1) + n * 1000)).toString('hex')
      const header = parseLogHeader(
        logHeader({ generation, created: time(generation), previousCreated: time(generation - 1), signLog }),
        'x',
      )
      const log = { name: `log ${generation}`, header }
      change(log)
      return log
    })
  const header = { ...parseDatabaseHeader(databaseHeader(dirty), 'x').header, committed: 8 }

  it('is there where all of its range is, in one stream', () => {
    expect(requireCoverage('Sales', header, logs(4, 8))).toEqual([])
  })

  it('is missing where one of its range is', () => {
    const some = logs(4, 8).filter(log => log.header.generation !== 6)
    expect(() => requireCoverage('Sales', header, some)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('0x6') }),
    )
    expect(() => requireCoverage('Sales', header, logs(6, 8))).toThrow(
      expect.objectContaining({ why: expect.stringContaining('0x5') }),
    )
    expect(() => requireCoverage('Sales', header, [])).toThrow(
      expect.objectContaining({ why: expect.stringContaining('-543') }),
    )
  })

  it('is not there where a log is of another stream, or names another one before it', () => {
    const other = logs(4, 8, log => {
      if (log.header.generation === 7) log.header = { ...log.header, signLog: signDb }
    })
    expect(() => requireCoverage('Sales', header, other)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('-530') }),
    )
    const unlinked = logs(4, 8, log => {
      if (log.header.generation === 7) log.header = { ...log.header, previousCreated: '00'.repeat(8) }
    })
    expect(() => requireCoverage('Sales', header, unlinked)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('-515') }),
    )
  })

  it('is nothing for one that was shut down cleanly; any other state is refused', () => {
    expect(requireCoverage('Sales', { ...header, state: 'Clean Shutdown' }, [])).toEqual([])
    for (const state of databaseStates.filter(each => each !== 'Clean Shutdown' && each !== 'Dirty Shutdown'))
      expect(() => requireCoverage('Sales', { ...header, state }, logs(4, 8))).toThrow('could not be recovered')
  })

  it('is warned of where something later was committed, or the database was repaired', () => {
    expect(requireCoverage('Sales', { ...header, committed: 12, repairs: 2 }, logs(4, 8))).toEqual([
      expect.stringContaining('repaired with eseutil /p 2 times'),
      expect.stringContaining('up to log 0xC'),
    ])
  })
})

const sample = process.env.ESE_SAMPLE

/** Any real database of ESE, from Windows or Exchange: `ESE_SAMPLE=/path/to/Current.mdb`. */
if (sample)
  test('a real file of ESE is read, with both headers and every page good', async () => {
    const path = sample!
    const { header, shadow } = await readDatabaseHeader(path, path)
    expect(shadow).toBe(false)
    expect(databaseStates).toContain(header.state)
    const { size } = await stat(path)
    const file = await open(path)
    const second = Buffer.alloc(header.pageSize)
    await file.read(second, 0, second.length, header.pageSize)
    await file.close()
    expect(hasGoodChecksum(second)).toBe(true)
    let bytes = 0
    for await (const chunk of readPages(path, { name: path, pageSize: header.pageSize, size }, () => {}))
      bytes += chunk.length
    expect(bytes).toBe(size)
  })
