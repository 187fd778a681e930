import { createZstdDecompress, inflateSync } from 'node:zlib'
import { eventType, headerLength, parseHeader } from '../log/event-header.ts'

/** MySQL's length-encoded number. */
function readLength(reader: { bytes: Buffer; at: number }): number {
  const first = reader.bytes[reader.at]!
  const size = first < 0xfb ? 0 : first === 0xfc ? 2 : first === 0xfd ? 3 : 8
  const value =
    size === 0
      ? first
      : size === 8
        ? Number(reader.bytes.readBigUInt64LE(reader.at + 1))
        : reader.bytes.readUIntLE(reader.at + 1, size)
  reader.at += 1 + size
  return value
}

/**
 * The events of MySQL's compressed transaction, without checksums. Body: fields of number, length and value (1: size, 2: algorithm, 3: size of the
 * plain events) up to a 0, then the events.
 */
export async function* payloadEvents(event: Buffer): AsyncGenerator<Buffer> {
  const reader = { bytes: event, at: headerLength }
  let algorithm = 0
  for (let field = readLength(reader); field !== 0; field = readLength(reader)) {
    const length = readLength(reader)
    const end = reader.at + length
    if (field === 2) algorithm = readLength(reader)
    reader.at = end
  }
  const content = event.subarray(reader.at)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of algorithm === uncompressed ? [content] : decompressed(content)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= headerLength) {
      const { size } = parseHeader(rest, at)
      if (rest.length - at < size) break
      yield rest.subarray(at, at + size)
      at += size
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) throw new Error('a compressed transaction ends inside an event')
}

const uncompressed = 255

function decompressed(content: Buffer): AsyncIterable<Buffer> {
  const stream = createZstdDecompress()
  stream.end(content)
  return stream
}

/** MariaDB's compressed events as the plain ones they stand for; others as they are. @param event without its checksum */
export function inflated(type: number, event: Buffer): { type: number; event: Buffer } {
  switch (type) {
    case eventType.mariadbQueryCompressed: {
      const textAt = headerLength + 13 + event.readUInt16LE(headerLength + 11) + event[headerLength + 8]! + 1
      return rebuilt(eventType.query, event, textAt)
    }
    case eventType.mariadbWriteRowsCompressedV1:
    case eventType.mariadbUpdateRowsCompressedV1:
    case eventType.mariadbDeleteRowsCompressedV1:
      return rebuilt(
        type - eventType.mariadbWriteRowsCompressedV1 + eventType.writeRowsV1,
        event,
        rowsAt(type, event, 8),
      )
    case eventType.mariadbWriteRowsCompressed:
    case eventType.mariadbUpdateRowsCompressed:
    case eventType.mariadbDeleteRowsCompressed: {
      const extra = event.readUInt16LE(headerLength + 8)
      return rebuilt(
        type - eventType.mariadbWriteRowsCompressed + eventType.writeRows,
        event,
        rowsAt(type, event, 8 + extra),
      )
    }
    default:
      return { type, event }
  }
}

/** Behind the number of columns and one bitmap of them, or two for an update. */
function rowsAt(type: number, event: Buffer, fixed: number): number {
  const reader = { bytes: event, at: headerLength + fixed }
  const bitmap = Math.ceil(readLength(reader) / 8)
  const update = type === eventType.mariadbUpdateRowsCompressedV1 || type === eventType.mariadbUpdateRowsCompressed
  return reader.at + (update ? 2 : 1) * bitmap
}

/** What is compressed: algorithm and size of the length (1), length (1 to 4, big-endian), deflated bytes. */
function rebuilt(type: number, event: Buffer, at: number): { type: number; event: Buffer } {
  const plain = inflateSync(event.subarray(at + 1 + (event[at]! & 0x07)))
  const whole = Buffer.concat([event.subarray(0, at), plain])
  whole[4] = type
  whole.writeUInt32LE(whole.length, 9)
  return { type, event: whole }
}
