import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newBuffers } from '../../../uploader/engines/mysql/wire/buffers.ts'
import type { ColumnFormat } from '../../../uploader/engines/mysql/wire/column.ts'
import { RowWriter } from '../../../uploader/engines/mysql/wire/row-writer.ts'
import { seed, times } from '../../support/counts.ts'

type Value = Buffer | null

const head = Buffer.from('INSERT INTO `t` (`a`) VALUES')
const tail = Buffer.from(';\n')

/** The text protocol's answer to a SELECT. */
function answer(columns: number, rows: Value[][], end: Buffer = Buffer.from([0xfe, 0, 0, 2, 0])): Buffer {
  let sequence = 1
  const packet = (payload: Buffer) => {
    const pieces: Buffer[] = []
    for (let at = 0; ; at += 0xffffff) {
      const piece = payload.subarray(at, at + 0xffffff)
      const header = Buffer.alloc(4)
      header.writeUIntLE(piece.length, 0, 3)
      header[3] = sequence++ & 255
      pieces.push(header, piece)
      if (piece.length < 0xffffff) return Buffer.concat(pieces)
    }
  }
  const count = columns < 251 ? Buffer.from([columns]) : Buffer.from([0xfc, columns & 255, columns >> 8])
  const definitions = Array.from({ length: columns }, () =>
    packet(Buffer.from('\x03def a definition that nobody reads')),
  )
  return Buffer.concat([
    packet(count),
    ...definitions,
    packet(Buffer.from([0xfe, 0, 0, 2, 0])),
    ...rows.map(row => packet(Buffer.concat(row.map(lengthEncoded)))),
    packet(end),
  ])
}

function lengthEncoded(value: Value): Buffer {
  if (value === null) return Buffer.from([0xfb])
  const { length } = value
  if (length < 251) return Buffer.concat([Buffer.from([length]), value])
  if (length > 0xffffff) {
    const prefix = Buffer.alloc(9, 0xfe)
    prefix.writeBigUInt64LE(BigInt(length), 1)
    return Buffer.concat([prefix, value])
  }
  const prefix = Buffer.alloc(length < 65_536 ? 3 : 4)
  prefix[0] = length < 65_536 ? 0xfc : 0xfd
  prefix.writeUIntLE(length, 1, prefix.length - 1)
  return Buffer.concat([prefix, value])
}

/** What one row must become, written the obvious way. */
function expectedRow(columns: ColumnFormat[], row: Value[]): Buffer {
  const literals = row.map((value, i) => {
    const { form, introducer } = columns[i]!
    if (form === 'nothing') return Buffer.alloc(0)
    if (value === null) return Buffer.from('NULL')
    if (form === 'digits') return value
    if (form === 'hex') return Buffer.from(`0x${value.toString('hex').toUpperCase()}`)
    const escaped = value.toString('latin1').replace(/[\0\n\r\x1a"'\\]/g, byte => `\\${escapes[byte] ?? byte}`)
    return Buffer.from(`${introducer}'${escaped}'`, 'latin1')
  })
  return Buffer.concat([
    Buffer.from('('),
    ...literals.flatMap((one, i) => (i > 0 ? [Buffer.from(','), one] : [one])),
    Buffer.from(')'),
  ])
}
const escapes: Record<string, string> = { '\0': '0', '\n': 'n', '\r': 'r', '\x1a': 'Z' }

function write(columns: ColumnFormat[], bytes: Buffer, sizes: number[], buffers = newBuffers()) {
  const writer = new RowWriter(head, tail, columns, buffers)
  const out: Buffer[] = []
  for (let at = 0, n = 0; ; ) {
    const step = writer.step()
    if (step === 'starved') {
      if (at === bytes.length) throw new Error('it wants more than there is')
      const size = Math.min(
        writer.room,
        65_536,
        bytes.length - at,
        sizes.length > 0 ? sizes[n++ % sizes.length]! : 65_536,
      )
      writer.push(bytes.subarray(at, at + size))
      at += size
    } else {
      out.push(Buffer.from(writer.take()))
      if (step === 'done') return { text: Buffer.concat(out), writer }
    }
  }
}

/** The statements of a text, each as its rows; checks heads and ends on the way. */
function statementsOf(text: Buffer): Buffer[] {
  const statements: Buffer[] = []
  for (let at = 0; at < text.length; ) {
    expect(text.subarray(at, at + head.length + 1).toString()).toBe(`${head}\n`)
    const end = text.indexOf(tail, at)
    statements.push(text.subarray(at, end))
    at = end + tail.length
  }
  return statements
}

const anyColumn: fc.Arbitrary<ColumnFormat> = fc.constantFrom(
  { form: 'digits', introducer: '' },
  { form: 'quoted', introducer: '' },
  { form: 'quoted', introducer: '_binary' },
  { form: 'quoted', introducer: '_latin1' },
  { form: 'hex', introducer: '' },
)
const size = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 8 },
  { arbitrary: fc.constantFrom(250, 251, 252, 65_535, 65_536), weight: 1 },
  { arbitrary: fc.integer({ min: 1, max: 150_000 }), weight: 1 },
)
const anyValue = fc.oneof(
  { arbitrary: fc.constant(null), weight: 1 },
  {
    arbitrary: fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), size)
      .map(([pattern, length]) => Buffer.alloc(length, Buffer.from(pattern))),
    weight: 9,
  },
)

test('any rows in any chunks become exactly their literals, and no line end but those between rows', () => {
  const scenario = fc.array(anyColumn, { minLength: 1, maxLength: 6 }).chain(columns =>
    fc.record({
      columns: fc.constant(columns),
      rows: fc.array(fc.tuple(...columns.map(() => anyValue)), { maxLength: 30 }),
      sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 65_536 })), { maxLength: 8 }),
    }),
  )
  const buffers = newBuffers()
  fc.assert(
    fc.property(scenario, ({ columns, rows, sizes }) => {
      // Digits are never anything but digits: their bytes are taken as they are.
      const values = rows.map(row =>
        row.map((value, i) => (value && columns[i]!.form === 'digits' ? Buffer.alloc(value.length, '7') : value)),
      )
      const { text, writer } = write(columns, answer(columns.length, values), sizes, buffers)
      const found = statementsOf(text).map(statement => statement.subarray(head.length + 1))
      const expected = values.map(row => expectedRow(columns, row))
      const rowsFound = found.flatMap(statement => statement.toString('latin1').split(',\n'))
      expect(rowsFound.length).toBe(expected.length)
      expect(rowsFound.every((row, i) => row === expected[i]!.toString('latin1'))).toBe(true)
      expect(writer.rows).toBe(rows.length)
      expect(writer.statements).toBe(found.length)
      expect(writer.largestStatement).toBe(Math.max(0, ...statementsOf(text).map(({ length }) => length)))
      for (const statement of statementsOf(text)) {
        const one = !statement.includes(',\n')
        expect(one || statement.length <= 1_000_000).toBe(true)
      }
    }),
    { seed, numRuns: times(500) },
  )
})

test.each([-2, -1, 0, 1, 2])(
  'a row whose packet is the longest there is, and %i bytes',
  off => {
    // One byte for the number's length, one for the number, four for the length of the value.
    const value = Buffer.alloc(0xffffff - 6 + off, "it's ")
    const columns: ColumnFormat[] = [
      { form: 'digits', introducer: '' },
      { form: 'quoted', introducer: '_binary' },
    ]
    const rows = [
      [Buffer.from('1'), value],
      [Buffer.from('2'), Buffer.from('next')],
    ]
    const { text } = write(columns, answer(2, rows), [])
    expect(statementsOf(text)).toHaveLength(2)
    expect(text.includes(expectedRow(columns, rows[0]!))).toBe(true)
    expect(text.includes(expectedRow(columns, rows[1]!))).toBe(true)
  },
  30_000,
)

test('a row of any size goes through buffers of a fixed one', () => {
  const buffers = newBuffers()
  const columns: ColumnFormat[] = [{ form: 'quoted', introducer: '' }]
  const { text, writer } = write(columns, answer(1, [[Buffer.alloc(40_000_000, 'x')]]), [], buffers)
  expect(text.length).toBe(head.length + 1 + 40_000_004 + tail.length)
  expect(writer.largestStatement).toBe(text.length - tail.length)
}, 30_000)

test('as many columns as a table can have', () => {
  const columns = Array.from({ length: 4096 }, (): ColumnFormat => ({ form: 'quoted', introducer: '_binary' }))
  const row = columns.map((_, i) => (i % 3 === 0 ? null : Buffer.from(`${i}'`)))
  const { text } = write(columns, answer(4096, [row, row]), [1000])
  expect(text.includes(expectedRow(columns, row))).toBe(true)
})

test('rows of columns that are all generated are counted, not forgotten', () => {
  const columns: ColumnFormat[] = [{ form: 'nothing', introducer: '' }]
  const { text } = write(columns, answer(1, [[Buffer.from('1')], [Buffer.from('1')]]), [])
  expect(text.toString()).toBe(`${head}\n(),\n();\n`)
})

test('an error of the server, at once or after rows, is thrown as what it is', () => {
  const error = Buffer.concat([Buffer.from([0xff, 0x84, 0x05]), Buffer.from('#HY000Table definition has changed')])
  const columns: ColumnFormat[] = [{ form: 'digits', introducer: '' }]
  const afterRows = answer(1, [[Buffer.from('1')]], error)
  expect(() => write(columns, afterRows, [7])).toThrow(
    expect.objectContaining({ errno: 1412, sqlState: 'HY000', message: 'Table definition has changed' }),
  )
  const atOnce = Buffer.concat([Buffer.from([error.length, 0, 0, 1]), error])
  expect(() => write(columns, atOnce, [])).toThrow(expect.objectContaining({ errno: 1412 }))
})
