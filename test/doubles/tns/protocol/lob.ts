import type { Bfile } from '../value.ts'
import { writeEnd } from './answer.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import type { Release } from './release.ts'
import { readLocator } from './types.ts'
import { Writer } from './writer.ts'

const operations = { 2: 'READ', 256: 'OPEN', 512: 'CLOSE', 1024: 'IS OPEN', 2048: 'EXISTS' } as const
const lobData = 14
const parameter = 8

export type LobOperation = (typeof operations)[keyof typeof operations]

export interface LobRequest {
  operation: LobOperation
  bfile: Bfile
  locator: Buffer
  /** From 1. */
  offset: bigint
  /** Bytes; null where the operation has none. */
  amount: bigint | null
}

/** Function 96, of a BFILE [reference 4.2, tag S]. */
export function readLobRequest(reader: Reader): LobRequest {
  const hasSource = reader.u8() === 1
  const locatorBytes = reader.count()
  reader.u8()
  reader.count()
  reader.count()
  reader.count()
  reader.take(3)
  const code = reader.count()
  reader.take(2)
  const offset = reader.integer()
  reader.integer()
  const hasAmount = reader.u8() === 1
  reader.take(6)
  const operation = operations[code as keyof typeof operations]
  if (!hasSource || operation === undefined) throw new ProtocolError(`operation ${code} of a LOB`)
  const locator = reader.take(locatorBytes)
  return { operation, bfile: readLocator(locator), locator, offset, amount: hasAmount ? reader.integer() : null }
}

/** @param result the bytes that were read, or what was asked, or nothing */
export function lobAnswer(request: LobRequest, release: Release, result: Buffer | boolean | null): Buffer {
  const writer = new Writer()
  if (request.operation === 'READ') writer.u8(lobData).value(result as Buffer)
  writer.u8(parameter).raw(request.locator)
  if (request.amount !== null) writer.integer(Buffer.isBuffer(result) ? result.length : request.amount)
  if (typeof result === 'boolean') writer.u8(result ? 1 : 0)
  writeEnd(writer, release, {})
  return writer.bytes()
}
