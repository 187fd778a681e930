import { OraError } from '../ora.ts'
import type { Column, TypeName, Value } from '../value.ts'
import { fieldVersion, type Release } from './release.ts'
import { typeBytes, typeNumber, writeValue } from './types.ts'
import { Writer } from './writer.ts'

const al32utf8 = 873
const message = { error: 4, rowHeader: 6, rowData: 7, parameter: 8, ioVector: 11, describe: 16 } as const

/** Which way the value of a bind variable goes: one that takes a value is sent as well when the statement is executed again. */
export const direction = { in: 32, inOut: 48 } as const

/** What the columns of a query are [reference 4.2, message 16]. */
export function writeColumns(writer: Writer, release: Release, columns: Column[]): void {
  writer.u8(message.describe, 0).integer(0, columns.length)
  if (columns.length > 0) writer.u8(0)
  for (const [index, { name, type }] of columns.entries()) {
    const bytes = typeBytes[type]
    const isText = type === 'VARCHAR2'
    const floating = 0x81
    writer.u8(typeNumber[type], 0, 0, type === 'NUMBER' ? floating : 0)
    writer.integer(bytes, 0, 0, 0, 0, isText ? al32utf8 : 0)
    writer.u8(isText ? 1 : 0).integer(isText ? bytes : 0)
    if (release.fieldVersion >= fieldVersion['12.2']) writer.integer(0)
    const nullable = 1
    writer
      .u8(nullable, Math.min(name.length, 255))
      .measured(name)
      .integer(0, 0, index + 1, 0)
    const none = 0
    const domain = [none, none] as const
    if (release.fieldVersion >= fieldVersion['23.1']) writer.integer(...domain)
    const annotations = none
    if (release.fieldVersion >= fieldVersion['23.1.3']) writer.integer(annotations)
    const dimensions = none
    if (release.fieldVersion >= fieldVersion['23.4']) writer.integer(dimensions).u8(none, none)
  }
  writer.integer(0, 0, 0, 0, 0, 0)
}

export function writeRows(writer: Writer, types: TypeName[], rows: Value[][]): void {
  if (rows.length > 0) writer.u8(message.rowHeader, 0).integer(0, 0, 0, 0, 0, 0)
  for (const row of rows) {
    writer.u8(message.rowData)
    for (const [index, type] of types.entries()) writeValue(writer, type, row[index]!)
  }
}

/** Values that come back in bind variables; each is followed by the number of bytes that did not fit. */
export function writeOutBinds(writer: Writer, directions: number[], values: { type: TypeName; value: Value }[]): void {
  writer.u8(message.ioVector, 0).integer(directions.length % 256, Math.trunc(directions.length / 256), 1, 0, 0, 0)
  writer.u8(...directions)
  if (values.length === 0) return
  writer.u8(message.rowData)
  for (const { type, value } of values) {
    writeValue(writer, type, value)
    writer.integer(0)
  }
}

export function writeReturn(writer: Writer): void {
  writer.u8(message.parameter).integer(0, 0, 0, 0)
}

/** How a call ended; the last message of every answer [reference 4.2, message 4]. */
export function writeEnd(
  writer: Writer,
  release: Release,
  end: { cursor?: number; rows?: number; error?: OraError },
): void {
  const number = end.error?.number ?? 0
  writer.u8(message.error).integer(1, 0, 0, number, 0, 0, end.cursor ?? 0, end.error?.position ?? 0)
  writer.u8(0, 0, 0, 0, 0, 0)
  const noRow = [0, 0] as const
  writer
    .integer(...noRow)
    .u8(0)
    .integer(...noRow)
  writer
    .integer(0)
    .u8(0, 0)
    .integer(0, 0, 0, 0, 0, 0, number, end.rows ?? 0)
  if (release.fieldVersion >= fieldVersion['20.1']) writer.integer(0, 0)
  if (end.error) writer.text(`${end.error.message}\n`)
}

/** The end of a fetch that gave the last row. */
export const noMoreRows = new OraError(1403, 'no data found')

/** The whole answer to a call that failed, or that has nothing to tell. */
export function endAnswer(release: Release, error?: OraError): Buffer {
  const writer = new Writer()
  writeEnd(writer, release, error ? { error } : {})
  return writer.bytes()
}
