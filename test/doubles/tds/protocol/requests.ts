import type { Variable } from '../query/context.ts'
import { ValueReader } from './read-value.ts'

/** ALL_HEADERS stand before every batch, procedure call and transaction request. Source: MS-TDS 2.2.5.3. */
function withoutHeaders(data: Buffer): Buffer {
  return data.subarray(data.readUInt32LE(0))
}

export function readBatch(data: Buffer): string {
  return withoutHeaders(data).toString('utf16le')
}

/** Procedures that are called by their number. Source: MS-TDS 2.2.6.6, ProcID. */
const procedures: Record<number, string> = {
  10: 'sp_executesql',
  11: 'sp_prepare',
  12: 'sp_execute',
  13: 'sp_prepexec',
  15: 'sp_unprepare',
}

export interface Parameter extends Variable {
  /** With its @; empty where it is given by its place. */
  name: string
  output: boolean
}

export interface ProcedureCall {
  /** In lower case. */
  procedure: string
  parameters: Parameter[]
}

/** Source: MS-TDS 2.2.6.6, RPC request. @throws SqlError 243 */
export function readCall(data: Buffer): ProcedureCall {
  const request = withoutHeaders(data)
  const reader = new ValueReader(request, 0)
  const length = reader.word()
  const number = length === 0xffff ? reader.word() : null
  const procedure =
    number === null ? reader.bytes(2 * length).toString('utf16le') : (procedures[number] ?? `#${number}`)
  reader.word()
  const parameters: Parameter[] = []
  while (!reader.done) {
    const name = reader.name()
    const output = (reader.byte() & 1) === 1
    parameters.push({ name, output, ...reader.typed() })
  }
  return { procedure: procedure.toLowerCase(), parameters }
}

/** Source: MS-TDS 2.2.6.9, transaction manager request. */
const transactions = { 5: 'begin', 7: 'commit', 8: 'rollback' } as const

export type TransactionAction = (typeof transactions)[keyof typeof transactions]

export function readTransaction(data: Buffer): TransactionAction | undefined {
  const kind = withoutHeaders(data).readUInt16LE(0)
  return kind in transactions ? transactions[kind as keyof typeof transactions] : undefined
}
