import fc from 'fast-check'
import oracledb from 'oracledb'
import { afterEach, expect, test } from 'vitest'
import { seed, times } from '../../support/counts.ts'
import { type Listener, listen } from './listener.ts'
import { OraError } from './ora.ts'
import { decodeNumber, encodeNumber } from './protocol/number.ts'
import { type ReleaseName, releases } from './protocol/release.ts'
import type { Answer, Call, OracleServer } from './server.ts'
import type { Bfile } from './value.ts'

const password = 'correct horse'
const file = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, index) => index * 7 + (index >> 8)))
const clock = new Date(Date.UTC(2026, 10, 29, 23, 59, 58, 456))

let listeners: Listener[] = []
afterEach(async () => {
  const open = listeners
  listeners = []
  for (const listener of open) await listener.close()
})

/** A server that answers each statement with what the test says. */
function scripted(execute: (call: Call, signal: AbortSignal) => Promise<Answer>, opened: Bfile[] = []): OracleServer {
  return {
    offsetMinutes: 0,
    demandsEncryption: false,
    route: ({ service }) => (service === 'shop' ? 'accept' : { refuse: 12514 }),
    logOn: ({ user }) => ({
      password,
      begin: async () => ({
        facts: { database: 'SHOP', service: 'shop', instance: 'shop1', id: user.length, serial: 1 },
        execute: async (call, signal) =>
          call.sql === 'SELECT DBTIMEZONE FROM DUAL'
            ? { kind: 'rows', columns: [{ name: 'DBTIMEZONE', type: 'VARCHAR2' }], rows: [['+00:00']] }
            : execute(call, signal),
        files: {
          open: async bfile => void opened.push(bfile),
          close: async () => {},
          isOpen: () => false,
          exists: async ({ file }) => file !== 'lost.dbf',
          read: async (_, offset, amount) => file.subarray(Number(offset) - 1, Number(offset - 1n + amount)),
        },
        blobs: { read: () => file, length: () => 0, free: () => {} },
        end: async () => {},
      }),
    }),
  }
}

async function connect(
  server: OracleServer,
  release: ReleaseName = '19',
  more: Partial<oracledb.ConnectionAttributes> = {},
) {
  const listener = await listen(server, releases[release])
  listeners.push(listener)
  return oracledb.getConnection({
    user: 'backup',
    password,
    connectString: `127.0.0.1:${listener.port}/shop`,
    ...more,
  })
}

const everyType: Answer = {
  kind: 'rows',
  columns: [
    { name: 'TEXT', type: 'VARCHAR2' },
    { name: 'AMOUNT', type: 'NUMBER' },
    { name: 'DAY', type: 'DATE' },
    { name: 'MOMENT', type: 'TIMESTAMP' },
    { name: 'BYTES', type: 'RAW' },
    { name: 'CONTENT', type: 'BFILE' },
  ],
  rows: [
    ['häßlich', -12_345n, clock, clock, Buffer.from([0, 255]), { directory: 'SV_D1', file: 'users 01.dbf' }],
    ['x'.repeat(3000), 0.5, clock, clock, Buffer.alloc(2000, 7), { directory: 'SV_D1', file: 'ü.dbf' }],
    [null, null, null, null, null, null],
  ],
}

test.each(['12.1', '12.2', '19', '21', '23'] as const)(
  'the Thin driver connects to release %s and reads every type',
  async release => {
    await using connection = await connect(
      scripted(async () => everyType),
      release,
    )
    expect(connection.oracleServerVersionString).toBe(releases[release].version)
    const { rows, metaData } = await connection.execute<unknown[]>('SELECT * FROM everything')
    expect(metaData!.map(({ name }) => name)).toEqual(
      everyType.kind === 'rows' && everyType.columns.map(({ name }) => name),
    )
    const local = new Date(2026, 10, 29, 23, 59, 58)
    const precise = new Date(2026, 10, 29, 23, 59, 58, 456)
    expect(rows![0]!.slice(0, 5)).toEqual(['häßlich', -12_345, local, precise, Buffer.from([0, 255])])
    expect(rows![1]!.slice(0, 5)).toEqual(['x'.repeat(3000), 0.5, local, precise, Buffer.alloc(2000, 7)])
    expect(rows![2]).toEqual([null, null, null, null, null, null])
  },
)

test.each(['12.1', '19', '23'] as const)(
  'a slice of a BFILE of release %s is read where it was asked for',
  async release => {
    const opened: Bfile[] = []
    await using connection = await connect(
      scripted(async () => everyType, opened),
      release,
    )
    const { rows } = await connection.execute<[oracledb.Lob]>('SELECT content FROM everything', [], {
      outFormat: oracledb.OUT_FORMAT_ARRAY,
    })
    const bfile = (rows![0] as unknown[])[5] as oracledb.Lob
    expect(await bfile.getData(100_001, 250_000)).toEqual(file.subarray(100_000, 350_000))
    expect(await bfile.getData(399_991, 100)).toEqual(file.subarray(399_990))
    expect(await bfile.getData(400_001, 100)).toBeNull()
    expect(opened).toEqual(Array(3).fill({ directory: 'SV_D1', file: 'users 01.dbf' }))
  },
)

test('rows come in as many fetches as the client asks for', async () => {
  const rows = Array.from({ length: 1003 }, (_, index) => [BigInt(index)])
  await using connection = await connect(
    scripted(async () => ({ kind: 'rows', columns: [{ name: 'N', type: 'NUMBER' }], rows })),
  )
  const result = await connection.execute<[number]>('SELECT n FROM many', [], { fetchArraySize: 100, prefetchRows: 2 })
  expect(result.rows).toEqual(rows.map(([number]) => [Number(number)]))
})

test.each(['19', '23'] as const)(
  'bind variables arrive at release %s, and those of a block come back, the second time as well',
  async release => {
    const calls: Call[] = []
    await using connection = await connect(
      scripted(async call => {
        calls.push(call)
        return { kind: 'done', rows: 0, out: new Map([[1, `got ${call.binds[0]!.value}`]]) }
      }),
      release,
    )
    const block = 'BEGIN f(:question, :answer); END;'
    const { outBinds } = await connection.execute<{ answer: string }>(block, {
      question: 4_294_967_297,
      answer: { dir: oracledb.BIND_OUT, type: oracledb.STRING },
    })
    expect(outBinds).toEqual({ answer: 'got 4294967297' })
    const again = await connection.execute<{ answer: string }>(block, {
      question: 2,
      answer: { dir: oracledb.BIND_OUT, type: oracledb.STRING },
    })
    expect(again.outBinds).toEqual({ answer: 'got 2' })
    expect(calls[0]!.binds[0]).toEqual({ type: 'NUMBER', value: 4_294_967_297n })
  },
)

test('a refusal comes with its number, and the session goes on', async () => {
  let refuse = true
  await using connection = await connect(
    scripted(async () => {
      if (refuse) throw new OraError(1146, 'cannot start online backup - file 1 is already in backup')
      return { kind: 'done', rows: 0 }
    }),
  )
  await expect(connection.execute('ALTER DATABASE BEGIN BACKUP')).rejects.toMatchObject({
    errorNum: 1146,
    message: expect.stringContaining('ORA-01146: cannot start online backup'),
  })
  refuse = false
  await connection.execute('ALTER DATABASE BEGIN BACKUP')
  await connection.ping()
})

test('a wrong password is refused', async () => {
  await expect(
    connect(
      scripted(async () => everyType),
      '19',
      { password: 'wrong' },
    ),
  ).rejects.toMatchObject({
    errorNum: 1017,
  })
})

test('a service that the listener does not know is refused', async () => {
  const listener = await listen(
    scripted(async () => everyType),
    releases['19'],
  )
  listeners.push(listener)
  const connectString = `127.0.0.1:${listener.port}/other`
  await expect(oracledb.getConnection({ user: 'backup', password, connectString })).rejects.toMatchObject({
    code: 'NJS-518',
  })
})

test('a server that is too old for the driver is refused by it', async () => {
  await expect(
    connect(
      scripted(async () => everyType),
      '11.2',
    ),
  ).rejects.toMatchObject({ code: 'NJS-138' })
})

test('a listener that sends the client elsewhere is followed', async () => {
  const there = await listen(
    scripted(async () => everyType),
    releases['19'],
  )
  listeners.push(there)
  const redirect = {
    ...scripted(async () => everyType),
    route: () => ({ redirect: { host: '127.0.0.1', port: there.port } }),
  }
  await using connection = await connect(redirect)
  expect((await connection.execute('SELECT * FROM everything')).rows).toHaveLength(3)
})

test.each(['19', '23'] as const)(
  'a call to release %s that lasts too long is broken off, and the session goes on',
  async release => {
    await using connection = await connect(
      scripted(async ({ sql }, signal) => {
        if (sql.startsWith('ALTER'))
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new OraError(1013, 'cancelled'))),
          )
        return everyType
      }),
      release,
    )
    connection.callTimeout = 100
    await expect(connection.execute('ALTER SYSTEM ARCHIVE LOG CURRENT')).rejects.toMatchObject({ code: 'NJS-123' })
    connection.callTimeout = 0
    expect((await connection.execute('SELECT * FROM everything')).rows).toHaveLength(3)
  },
)

test('a server that dies in the middle of a call is a lost connection', async () => {
  let cut = () => {}
  const connection = await connect(
    scripted(async () => {
      cut()
      return everyType
    }),
  )
  cut = listeners[0]!.cut
  await expect(connection.execute('SELECT * FROM everything')).rejects.toMatchObject({ code: 'NJS-500' })
})

test('every number is the same after the way to the wire and back', () => {
  const numbers = fc.tuple(fc.boolean(), fc.bigInt(0n, 10n ** 30n), fc.integer({ min: 0, max: 20 }))
  fc.assert(
    fc.property(numbers, ([negative, digits, scale]) => {
      const text = digits.toString().padStart(scale + 1, '0')
      const fraction = scale > 0 ? text.slice(-scale).replace(/0+$/, '') : ''
      const whole = scale > 0 ? text.slice(0, -scale) : text
      const decimal = `${whole}${fraction && `.${fraction}`}`
      const number = negative && digits > 0n ? `-${decimal}` : decimal
      expect(decodeNumber(encodeNumber(number))).toBe(number)
    }),
    { seed, numRuns: times(20_000) },
  )
})
