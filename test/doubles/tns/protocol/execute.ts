import type { Value } from '../value.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import { fieldVersion, type Release } from './release.ts'
import { readValue } from './types.ts'

const option = { parse: 0x01, execute: 0x20, fetch: 0x40, describe: 0x2_0000 }
const rowData = 7
const isArray = 0x40

export interface BindType {
  type: number
  /** Bytes. */
  size: number
}

export interface ExecuteRequest {
  /** 0 for a statement that is new. */
  cursor: number
  /** null where a cursor is executed again. */
  sql: string | null
  /** Not executed when only its columns are asked for. */
  executes: boolean
  /** Rows to send with the answer; 0 when they are fetched later. */
  rows: number
  /** Types of the bind variables, in the order of the statement; null where they are as they were. */
  bindTypes: BindType[] | null
  /** Of the bind variables, where their types stand before them in the same request. */
  binds: Value[]
}

/** Function 94, with a statement or with new types of its variables [reference 4.2, tag S]. */
export function readExecute(reader: Reader, release: Release): ExecuteRequest {
  const options = reader.count()
  const cursor = reader.count()
  const hasSql = reader.u8() === 1
  reader.count()
  reader.u8()
  const parameters = reader.count()
  reader.take(3)
  const rows = reader.count()
  reader.count()
  const hasBinds = reader.u8() === 1
  const bindCount = reader.count()
  reader.take(5)
  const hasDefines = reader.u8() === 1
  const defineCount = reader.count()
  reader.count()
  reader.take(3)
  reader.count()
  reader.u8()
  reader.count()
  reader.count()
  reader.u8()
  reader.count()
  reader.u8()
  if (release.fieldVersion >= fieldVersion['12.2']) {
    reader.u8()
    reader.count()
    reader.u8()
    reader.count()
    reader.u8()
  }
  if (release.fieldVersion >= fieldVersion['12.2.0.2']) {
    reader.u8()
    reader.count()
  }
  const sql = hasSql ? reader.text() : null
  for (let parameter = 0; parameter < parameters; parameter++) reader.count()
  if (hasDefines) readBindTypes(reader, release, defineCount)
  const bindTypes = hasBinds ? readBindTypes(reader, release, bindCount) : null
  const executes = (options & option.execute) !== 0
  return {
    cursor,
    sql,
    executes,
    rows: options & option.fetch ? rows : 0,
    bindTypes,
    binds: bindTypes && executes ? readBinds(reader, bindTypes) : [],
  }
}

function readBindTypes(reader: Reader, release: Release, count: number): BindType[] {
  return Array.from({ length: count }, () => {
    const type = reader.u8()
    if (reader.u8() & isArray) throw new ProtocolError('a bind variable that is an array')
    reader.take(2)
    const size = reader.count()
    reader.count()
    reader.count()
    if (reader.count() > 0) throw new ProtocolError('a bind variable that is an object')
    reader.count()
    reader.count()
    reader.u8()
    reader.count()
    if (release.fieldVersion >= fieldVersion['12.2']) reader.count()
    return { type, size }
  })
}

/** One row of values: executeMany is not read. */
export function readBinds(reader: Reader, types: BindType[]): Value[] {
  if (types.length === 0) return []
  if (reader.u8() !== rowData) throw new ProtocolError('bind variables without a row of values')
  const values = types.map(({ type }) => readValue(reader, type))
  if (!reader.atEnd) throw new ProtocolError('more than one row of values')
  return values
}
