/**
 * Data streams of the Microsoft Tape Format: 22 bytes of header, then the data, on multiples of four bytes.
 * Source: "Microsoft Tape Format Specification", version 1.00a, chapter 7. SQL Server's own ids begin with MQ.
 */
export type StreamId = 'MQDA' | 'MQTL' | 'MQCI' | 'CSUM' | 'SPAD'

const ids: readonly string[] = ['MQDA', 'MQTL', 'MQCI', 'CSUM', 'SPAD'] satisfies StreamId[]

export const streamHeaderSize = 22
const checksumAt = 20
/** What the compression field says of a stream that is deflated. */
const deflated = 1

export interface StreamHeader {
  id: StreamId
  length: number
  compressed: boolean
}

function checksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < checksumAt; at += 2) sum ^= header.readUInt16LE(at)
  return sum
}

export function writeStreamHeader({ id, length, compressed }: StreamHeader): Buffer {
  const header = Buffer.alloc(streamHeaderSize)
  header.write(id, 0, 'latin1')
  header.writeBigUInt64LE(BigInt(length), 8)
  header.writeUInt16LE(compressed ? deflated : 0, 18)
  header.writeUInt16LE(checksum(header), checksumAt)
  return header
}

/** @returns undefined when it is no stream header, or a damaged one */
export function readStreamHeader(header: Buffer): StreamHeader | undefined {
  const id = header.toString('latin1', 0, 4)
  if (!ids.includes(id) || checksum(header) !== header.readUInt16LE(checksumAt)) return
  return {
    id: id as StreamId,
    length: Number(header.readBigUInt64LE(8)),
    compressed: header.readUInt16LE(18) === deflated,
  }
}
