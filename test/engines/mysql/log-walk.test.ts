import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { DumpStream } from '../../../uploader/engines/mysql/log/dump-stream.ts'
import { eventType, magic } from '../../../uploader/engines/mysql/log/event-header.ts'
import { LogWalk } from '../../../uploader/engines/mysql/log/walk.ts'
import { microseconds, stopOf } from '../../../uploader/engines/mysql/replay/stop.ts'
import { seed, times } from '../../support/counts.ts'
import { type Release, startDatabase } from '../../support/database.ts'

/** An event as a server with checksums writes it. */
function event(type: number, body: Buffer, at: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(19 + body.length + 4)
  bytes.writeUInt32LE(1_700_000_000, 0)
  bytes[4] = type
  bytes.writeUInt32LE(bytes.length, 9)
  bytes.writeUInt32LE(at + bytes.length, 13)
  bytes.writeUInt16LE(flags, 17)
  body.copy(bytes, 19)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

/** Version, server, creation, header length, lengths by type, and 1 for CRC32. */
const description = Buffer.concat([Buffer.alloc(57), Buffer.alloc(40), Buffer.from([1])])

function logOf(...bodies: [type: number, body: Buffer][]): Buffer {
  const parts = [magic, event(eventType.formatDescription, description, 4)]
  let at = 4 + parts[1]!.length
  for (const [type, body] of bodies) {
    parts.push(event(type, body, at))
    at += parts.at(-1)!.length
  }
  return Buffer.concat(parts)
}

function walk(log: Buffer, from?: number) {
  const walking = new LogWalk('binlog.000001', from)
  walking.push(log)
  return walking.finish()
}

function packetsOf(payload: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; ; at += 0xffffff) {
    const piece = payload.subarray(at, at + 0xffffff)
    const header = Buffer.alloc(4)
    header.writeUIntLE(piece.length, 0, 3)
    pieces.push(header, piece)
    if (piece.length < 0xffffff) return Buffer.concat(pieces)
  }
}

/** What a server sends of a file: the file's name first, and what comes after it at the end. */
function dumpOf(events: Buffer[], end: Buffer): Buffer {
  const rotate = (name: string) => event(eventType.rotate, Buffer.concat([Buffer.alloc(8), Buffer.from(name)]), 0, 0x20)
  const sent = [rotate('binlog.000007'), ...events].map(bytes => packetsOf(Buffer.concat([Buffer.from([0]), bytes])))
  return Buffer.concat([...sent, end])
}

function received(stream: Buffer, cuts: number[]) {
  const bytes: Buffer[] = []
  const dump = new DumpStream('binlog.000007', piece => bytes.push(Buffer.from(piece)))
  let at = 0
  for (const cut of [...cuts.map(cut => cut % stream.length).sort((a, b) => a - b), stream.length]) {
    dump.push(stream.subarray(at, cut))
    at = Math.max(at, cut)
  }
  return { bytes: Buffer.concat(bytes), end: dump.end }
}

test('the stream of a server is taken apart alike however the network cuts it', () => {
  const body = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
  const heartbeat = event(eventType.heartbeat, Buffer.from('binlog.000007'), 0)
  const end = packetsOf(Buffer.from([0xfe, 0, 0, 2, 0]))
  fc.assert(
    fc.property(fc.array(body), fc.array(fc.nat(100_000)), (bodies, cuts) => {
      const events = bodies.map(each => event(eventType.query, each, 4))
      const stream = dumpOf(
        events.flatMap(each => [each, heartbeat]),
        end,
      )
      expect(received(stream, cuts)).toEqual({ bytes: Buffer.concat(events), end: 'end-of-logs' })
    }),
    { seed, numRuns: times(2000) },
  )
})

test.each([0xffffff - 1, 0xffffff, 0xffffff + 1, 2 * 0xffffff - 1])(
  'an event of %i bytes with what precedes it is whole',
  length => {
    const big = event(eventType.query, Buffer.alloc(length - 24, 7), 4)
    const next = packetsOf(
      Buffer.concat([
        Buffer.from([0]),
        event(eventType.rotate, Buffer.from(`${'\0'.repeat(8)}binlog.000008`), 0, 0x20),
      ]),
    )
    const { bytes, end } = received(dumpOf([big], next), [5, 20_000_000])
    expect(bytes.equals(big)).toBe(true)
    expect(end).toBe('next-file')
  },
)

test('what the server has to say instead of a log is an error with its number', () => {
  const refusal = packetsOf(Buffer.concat([Buffer.from([0xff, 0xd4, 0x04]), Buffer.from('#HY000gone')]))
  expect(() => received(dumpOf([], refusal), [3])).toThrow(expect.objectContaining({ errno: 1236, message: 'gone' }))
})

describe('a log that is walked', () => {
  const query = Buffer.concat([Buffer.alloc(13), Buffer.from('\0CREATE TABLE t (a INT)')])

  test('is refused where it notes that events were lost, unless that was before what is new', () => {
    const log = logOf([eventType.query, query], [eventType.incident, Buffer.from([1, 0, 0])], [eventType.query, query])
    expect(() => walk(log)).toThrow(expect.objectContaining({ code: 'incident' }))
    const after = log.length - 19 - query.length - 4
    expect(walk(log, after)).toMatchObject({ groups: 2 })
  })

  test('is refused where no event begins at the place that the last backup ended at', () => {
    const log = logOf([eventType.query, query], [eventType.query, query])
    expect(() => walk(log, log.length - 10)).toThrow(expect.objectContaining({ code: 'other' }))
  })

  test('is refused where it is encrypted', () => {
    const log = logOf([eventType.mariadbStartEncryption, Buffer.alloc(17)])
    expect(() => walk(log)).toThrow(expect.objectContaining({ code: 'encrypted' }))
  })

  test('is refused where an event says another end than it has', () => {
    const log = Buffer.concat([logOf(), event(eventType.query, query, 4711)])
    expect(() => walk(log)).toThrow(/says that it ends at/)
  })
})

const releases: Release[] = ['mariadb-10.11', 'mysql-9.7']
describe.each(releases)('a log of %s', release => {
  let log: Buffer

  beforeAll(async () => {
    const server = await startDatabase({ release, options: { log_bin: 'binlog' } })
    try {
      await server.execute(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)',
        "INSERT INTO shop.t VALUES (1, 'a'), (2, REPEAT('b', 500))",
        'FLUSH BINARY LOGS',
      )
      log = await readFile(join(server.directory, 'data/binlog.000001'))
    } finally {
      await server.stop()
    }
  })

  test('is whole, in pieces of any size', () => {
    const whole = walk(log)
    expect(whole).toMatchObject({ size: log.length, boundary: log.length, ending: 'rotate', groups: 3 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), size => {
        const walking = new LogWalk('binlog.000001')
        for (let at = 0; at < log.length; at += size) walking.push(log.subarray(at, at + size))
        expect(walking.finish()).toEqual(whole)
      }),
      { seed, numRuns: times(300) },
    )
  })

  test('is refused if a single bit of it is another', () => {
    fc.assert(
      fc.property(fc.nat(log.length * 8 - 1), bit => {
        const broken = Buffer.from(log)
        broken[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => walk(broken)).toThrow()
      }),
      { seed, numRuns: times(5000) },
    )
  })

  test('is refused if it is cut off inside an event', () => {
    for (let length = 5; length < log.length; length += 7) {
      const facts = (() => {
        try {
          return walk(log.subarray(0, length))
        } catch {
          return undefined
        }
      })()
      if (facts) expect(facts.ending).toBe('cut')
    }
  })
})

test.each([
  ['binlog.000007:4711', { kind: 'position', file: 'binlog.000007', offset: 4711 }],
  ['my.log.1000000:4', { kind: 'position', file: 'my.log.1000000', offset: 4 }],
  ['0-1-4711', { kind: 'gtid', gtid: '0-1-4711' }],
  ['2790E4F7-e6c4-11f1-a8d1-02fc00000001:7', { kind: 'gtid', gtid: '2790e4f7-e6c4-11f1-a8d1-02fc00000001:7' }],
  [
    '2790e4f7-e6c4-11f1-a8d1-02fc00000001:nightly:7',
    { kind: 'gtid', gtid: '2790e4f7-e6c4-11f1-a8d1-02fc00000001:nightly:7' },
  ],
])('%s is a place to stop before', (before, stop) => {
  expect(stopOf({ at: null, before })).toEqual(stop)
})

test.each(['binlog:7', 'noon', '0-1', '2790e4f7-e6c4-11f1-a8d1-02fc00000001:1-7', ''])('%j is none', before => {
  expect(() => stopOf({ at: null, before })).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('a moment is exact to the microsecond, in any time zone', () => {
  expect(microseconds('2026-11-22T10:15:00.123456+01:00')).toBe(microseconds('2026-11-22T09:15:00.123456Z'))
  expect(microseconds('2026-11-22T09:15:00.1Z') - microseconds('2026-11-22T09:15:00Z')).toBe(100_000n)
})
