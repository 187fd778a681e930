import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnFormat } from '../../../uploader/engines/mysql/wire/column.ts'
import { RowMemory } from '../../../uploader/engines/mysql/wire/row-memory.ts'
import { RowWriter } from '../../../uploader/engines/mysql/wire/row-writer.ts'
import { seed, times } from '../../support/counts.ts'

/** A value as the server sends it, and the text that it is. */
interface Plain {
  bytes: Buffer
  text: string
}
type Value = Buffer | Plain | null

/** A column of a test: how it is written, and the type that the server gives it. */
interface TestColumn extends ColumnFormat {
  type: number
  flags?: number
  decimals?: number
}

const head = Buffer.from('INSERT INTO `t` (`a`) VALUES')
const tail = Buffer.from(';\n')
const varString = 0xfd

/** The binary protocol's answer to a SELECT; with `extended`, as MariaDB answers. */
function answer(
  columns: TestColumn[],
  rows: Value[][],
  end: Buffer = Buffer.from([0xfe, 0, 0, 2, 0]),
  extended = true,
): Buffer {
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
  const definition = ({ type, flags = 0, decimals = 0 }: TestColumn) =>
    Buffer.concat([
      ...['def', 'schema', 'table', 'table', 'a column', 'a column'].map(text => lengthEncoded(Buffer.from(text))),
      Buffer.from(extended ? [0, 0x0c] : [0x0c]),
      Buffer.from([63, 0, 20, 0, 0, 0, type, flags, 0, decimals, 0, 0]),
    ])
  const count =
    columns.length < 251
      ? Buffer.from([columns.length])
      : Buffer.from([0xfc, columns.length & 255, columns.length >> 8])
  return Buffer.concat([
    packet(count),
    ...columns.map(column => packet(definition(column))),
    packet(Buffer.from([0xfe, 0, 0, 2, 0])),
    ...rows.map(row => packet(binaryRow(row))),
    packet(end),
  ])
}

function binaryRow(row: Value[]): Buffer {
  const nulls = Buffer.alloc((row.length + 9) >> 3)
  for (const [index, value] of row.entries()) if (value === null) nulls[(index + 2) >> 3]! |= 1 << ((index + 2) & 7)
  const values = row.filter(value => value !== null)
  return Buffer.concat([
    Buffer.from([0]),
    nulls,
    ...values.map(value => (Buffer.isBuffer(value) ? lengthEncoded(value) : value.bytes)),
  ])
}

function lengthEncoded(value: Buffer): Buffer {
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
function expectedRow(columns: TestColumn[], row: Value[]): Buffer {
  const literals = row.map((value, i) => {
    const { form, introducer } = columns[i]!
    if (form === 'nothing') return Buffer.alloc(0)
    if (value === null) return Buffer.from('NULL')
    if (!Buffer.isBuffer(value)) return Buffer.from(form === 'quoted' ? `'${value.text}'` : value.text)
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

function write(columns: TestColumn[], bytes: Buffer, sizes: number[], memory = new RowMemory()) {
  const writer = new RowWriter(head, tail, columns, memory)
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

const size = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 8 },
  { arbitrary: fc.constantFrom(0, 250, 251, 252, 65_535, 65_536), weight: 1 },
  { arbitrary: fc.integer({ min: 1, max: 150_000 }), weight: 1 },
)
const anyBytes = fc
  .tuple(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.constant(Buffer.from("\0it's\n"))), size)
  .map(([pattern, length]) => Buffer.alloc(length, Buffer.from(pattern)))
const someDigits = size.map(length => Buffer.alloc(length, '7'))

const whole = (type: number, bits: number, isUnsigned: boolean) => {
  const [min, max] = isUnsigned
    ? [0n, 2n ** BigInt(bits) - 1n]
    : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
  const bytes = (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64LE(BigInt.asUintN(64, value))
    return buffer.subarray(0, bits / 8)
  }
  return {
    column: { form: 'digits', introducer: '', type, flags: isUnsigned ? 0x20 : 0 } as TestColumn,
    value: fc
      .oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 9n, 10n, 99n, 100n))
      .map(value => ({ bytes: bytes(value), text: String(value) })),
  }
}

const two = (value: number) => String(value).padStart(2, '0')
const fraction = (micro: number, decimals: number) =>
  decimals === 0 ? '' : `.${String(micro).padStart(6, '0').slice(0, decimals)}`
/** As the server leaves out what is zero at the end. */
const short = (bytes: number[], lengths: number[]) => {
  const length = lengths.find(candidate => bytes.slice(candidate).every(byte => byte === 0))!
  return Buffer.from([length, ...bytes.slice(0, length)])
}
const little = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) & 255)

const datetime = (type: number, decimals: number) => ({
  column: { form: 'quoted', introducer: '', type, decimals } as TestColumn,
  value: fc
    .record({
      year: fc.constantFrom(0, 1, 1970, 2038, 9999),
      month: fc.integer({ min: 0, max: 12 }),
      day: fc.integer({ min: 0, max: 31 }),
      clock: fc.oneof(fc.constant([0, 0, 0]), fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59))),
      micro: fc.constantFrom(0, 1, 120_000, 999_999),
    })
    .map(({ year, month, day, clock, micro }) => {
      const of = decimals === 0 ? 0 : micro - (micro % 10 ** (6 - decimals))
      const [hour, minute, second] = clock as [number, number, number]
      return {
        bytes: short([...little(year, 2), month, day, hour, minute, second, ...little(of, 4)], [0, 4, 7, 11]),
        text: `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${fraction(of, decimals)}`,
      }
    }),
})
const date = {
  column: { form: 'quoted', introducer: '', type: 0x0a } as TestColumn,
  value: fc.tuple(fc.constantFrom(0, 2024), fc.nat(12), fc.nat(31)).map(([year, month, day]) => ({
    bytes: short([...little(year, 2), month, day], [0, 4]),
    text: `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`,
  })),
}
const time = (decimals: number) => ({
  column: { form: 'quoted', introducer: '', type: 0x0b, decimals } as TestColumn,
  value: fc
    .record({
      negative: fc.boolean(),
      hours: fc.nat(838),
      minute: fc.nat(59),
      second: fc.nat(59),
      micro: fc.constantFrom(0, 500_000),
    })
    .map(({ negative, hours, minute, second, micro }) => {
      const of = decimals === 0 ? 0 : micro
      const isZero = hours + minute + second + of === 0
      const sign = negative && !isZero
      return {
        bytes: short(
          [Number(sign), ...little(Math.floor(hours / 24), 4), hours % 24, minute, second, ...little(of, 4)],
          [0, 8, 12],
        ),
        text: `${sign ? '-' : ''}${two(hours)}:${two(minute)}:${two(second)}${fraction(of, decimals)}`,
      }
    }),
})

/** Columns of every type, each with its values. */
const kinds: { column: TestColumn; value: fc.Arbitrary<Buffer | Plain> }[] = [
  { column: { form: 'digits', introducer: '', type: 0xf6 }, value: someDigits },
  { column: { form: 'quoted', introducer: '', type: varString }, value: anyBytes },
  { column: { form: 'quoted', introducer: '_binary', type: 0xfc }, value: anyBytes },
  { column: { form: 'quoted', introducer: '_latin1', type: 0xfe }, value: anyBytes },
  { column: { form: 'hex', introducer: '', type: 0x10 }, value: anyBytes },
  ...[
    [0x01, 8],
    [0x02, 16],
    [0x03, 32],
    [0x08, 64],
  ].flatMap(([type, bits]) => [whole(type!, bits!, false), whole(type!, bits!, true)]),
  { ...whole(0x09, 32, false), value: fc.constant({ bytes: Buffer.from([0, 0, 0x80, 0xff]), text: '-8388608' }) },
  { ...whole(0x0d, 16, true), value: fc.constant({ bytes: Buffer.from([0x6d, 0x08]), text: '2157' }) },
  date,
  ...[0x07, 0x0c].flatMap(type => [datetime(type, 0), datetime(type, 3), datetime(type, 6)]),
  time(0),
  time(6),
]

test('any rows in any chunks become exactly their literals, and no line end but those between rows', () => {
  const scenario = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 9 }).chain(of =>
    fc.record({
      columns: fc.constant(of.map(({ column }) => column)),
      rows: fc.array(fc.tuple(...of.map(({ value }) => fc.option(value, { freq: 10 }))), { maxLength: 30 }),
      extended: fc.boolean(),
      sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 65_536 })), { maxLength: 8 }),
    }),
  )
  const memory = new RowMemory()
  fc.assert(
    fc.property(scenario, ({ columns, rows, sizes, extended }) => {
      const { text, writer } = write(columns, answer(columns, rows, undefined, extended), sizes, memory)
      const found = statementsOf(text).map(statement => statement.subarray(head.length + 1))
      const expected = rows.map(row => expectedRow(columns, row))
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
    // Two bytes before the values, one for the number, four for the length of the value.
    const value = Buffer.alloc(0xffffff - 7 + off, "it's ")
    const columns: TestColumn[] = [
      { form: 'digits', introducer: '', type: 0x01 },
      { form: 'quoted', introducer: '_binary', type: 0xfc },
      { form: 'digits', introducer: '', type: 0x03 },
    ]
    const rows = [
      [{ bytes: Buffer.from([1]), text: '1' }, value, null],
      [{ bytes: Buffer.from([2]), text: '2' }, Buffer.from('next'), { bytes: Buffer.from([3, 1, 0, 0]), text: '259' }],
    ]
    const { text } = write(columns, answer(columns, rows), [])
    expect(statementsOf(text)).toHaveLength(2)
    expect(text.includes(expectedRow(columns, rows[0]!))).toBe(true)
    expect(text.includes(expectedRow(columns, rows[1]!))).toBe(true)
  },
  30_000,
)

test('a row of any size goes through buffers of a fixed one', () => {
  const memory = new RowMemory()
  const columns: TestColumn[] = [{ form: 'quoted', introducer: '', type: varString }]
  const { text, writer } = write(columns, answer(columns, [[Buffer.alloc(40_000_000, 'x')]]), [], memory)
  expect(text.length).toBe(head.length + 1 + 40_000_004 + tail.length)
  expect(writer.largestStatement).toBe(text.length - tail.length)
}, 30_000)

test('as many columns as a table can have', () => {
  const columns = Array.from(
    { length: 4096 },
    (): TestColumn => ({ form: 'quoted', introducer: '_binary', type: varString }),
  )
  const row = columns.map((_, i) => (i % 3 === 0 ? null : Buffer.from(`${i}'`)))
  const { text } = write(columns, answer(columns, [row, row]), [1000])
  expect(text.includes(expectedRow(columns, row))).toBe(true)
})

test('rows of columns that are all generated are counted, not forgotten', () => {
  const columns: TestColumn[] = [{ form: 'nothing', introducer: '', type: 0x03 }]
  const one = { bytes: Buffer.from([1, 0, 0, 0]), text: '' }
  const { text } = write(columns, answer(columns, [[one], [one]]), [])
  expect(text.toString()).toBe(`${head}\n(),\n();\n`)
})

test('an error of the server, at once or after rows, is thrown as what it is', () => {
  const error = Buffer.concat([Buffer.from([0xff, 0x84, 0x05]), Buffer.from('#HY000Table definition has changed')])
  const columns: TestColumn[] = [{ form: 'digits', introducer: '', type: 0xf6 }]
  const afterRows = answer(columns, [[Buffer.from('1')]], error)
  expect(() => write(columns, afterRows, [7])).toThrow(
    expect.objectContaining({ errno: 1412, sqlState: 'HY000', message: 'Table definition has changed' }),
  )
  const atOnce = Buffer.concat([Buffer.from([error.length, 0, 0, 1]), error])
  expect(() => write(columns, atOnce, [])).toThrow(expect.objectContaining({ errno: 1412 }))
})

/** The texts of numbers of one type, in the order in which they came. */
function texts(type: number, values: Buffer[]): string[] {
  const column: TestColumn = { form: 'quoted', introducer: '', type }
  const rows = values.map(bytes => [{ bytes, text: '' }])
  const { text } = write([column], answer([column], rows), [])
  return [...text.toString().matchAll(/'([^']*)'/g)].map(([, one]) => one!)
}

/** Numbers as applications have them, at the edges, and any. */
const anyDouble = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1e9, max: 1e9 }).map(cents => cents / 100),
  fc.maxSafeInteger().map(number => number / 1000),
  fc.constantFrom(0, -0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 2 ** 53, 1e21, 1e22, 0.1, 1 / 3),
)

test('the text of any DOUBLE is that number and no other', () => {
  fc.assert(
    fc.property(fc.array(anyDouble, { minLength: 1, maxLength: 500 }), doubles => {
      const bytes = doubles.map(value => {
        const buffer = Buffer.alloc(8)
        buffer.writeDoubleLE(value)
        return buffer
      })
      for (const [index, text] of texts(0x05, bytes).entries()) {
        expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?$/)
        expect(Number(text)).toBe(doubles[index])
        expect(text.length).toBeLessThanOrEqual(25)
      }
    }),
    { seed, numRuns: times(2000) },
  )
})

test('the text of any FLOAT is that number and no other, and short where seven digits tell', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 500 }),
      floats => {
        const bytes = floats.map(value => {
          const buffer = Buffer.alloc(4)
          buffer.writeFloatLE(value)
          return buffer
        })
        for (const [index, text] of texts(0x04, bytes).entries()) expect(Math.fround(Number(text))).toBe(floats[index])
      },
    ),
    { seed, numRuns: times(2000) },
  )
  const short = [12.3, 0.25, -99.95, 1234.567, 3e9, -0].map(value => {
    const buffer = Buffer.alloc(4)
    buffer.writeFloatLE(value)
    return buffer
  })
  expect(texts(0x04, short)).toEqual(['12.3', '0.25', '-99.95', '1234.567', '3000000000', '-0'])
})
