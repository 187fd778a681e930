import type { ServerSession } from '../server.ts'
import type { Bfile, Blob } from '../value.ts'
import { writeEnd } from './answer.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import type { Release } from './release.ts'
import { blobChunk, readLocator } from './types.ts'
import { Writer } from './writer.ts'

const operations = {
  1: 'LENGTH',
  2: 'READ',
  256: 'OPEN',
  512: 'CLOSE',
  1024: 'IS OPEN',
  2048: 'EXISTS',
  16384: 'CHUNK SIZE',
} as const
const lobData = 14
const parameter = 8

export interface LobRequest {
  operation: (typeof operations)[keyof typeof operations]
  lob: Bfile | Pick<Blob, 'blob'>
  locator: Buffer
  /** From 1. */
  offset: bigint
  /** Bytes; null where the operation has none. */
  amount: bigint | null
}

/** Function 96 [reference 4.2, tag S]. */
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
  return { operation, lob: readLocator(locator), locator, offset, amount: hasAmount ? reader.integer() : null }
}

/** The bytes that were read, or what was asked, or nothing. */
export type LobResult = Buffer | boolean | number | null

export function lobAnswer(request: LobRequest, release: Release, result: LobResult): Buffer {
  const writer = new Writer()
  if (request.operation === 'READ') writer.u8(lobData).value(result as Buffer)
  writer.u8(parameter).raw(request.locator)
  if (request.amount !== null) writer.integer(amountOf(result) ?? request.amount)
  if (typeof result === 'boolean') writer.u8(result ? 1 : 0)
  writeEnd(writer, release, {})
  return writer.bytes()
}

/** @param session whose LOB it is */
export async function operate(
  { operation, lob, offset, amount }: LobRequest,
  { files, blobs }: ServerSession,
  signal: AbortSignal,
): Promise<LobResult> {
  if ('blob' in lob) {
    if (operation === 'READ') return blobs.read(lob.blob, Number(offset), Number(amount))
    if (operation === 'LENGTH') return blobs.length(lob.blob)
    if (operation === 'CHUNK SIZE') return blobChunk
  } else
    switch (operation) {
      case 'OPEN':
        await files.open(lob, signal)
        return null
      case 'CLOSE':
        await files.close(lob)
        return null
      case 'IS OPEN':
        return files.isOpen(lob)
      case 'EXISTS':
        return files.exists(lob)
      case 'READ':
        return files.read(lob, offset, amount ?? 0n, signal)
    }
  throw new ProtocolError(`operation ${operation} of this kind of LOB`)
}

function amountOf(result: LobResult): number | null {
  if (typeof result === 'number') return result
  return Buffer.isBuffer(result) ? result.length : null
}
