import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { Failure } from '../../../../shared/failure.ts'
import { checksumLength, eventType, headerLength, magic, parseHeader } from '../log/event-header.ts'
import { type FormatDescription, parseFormatDescription } from '../log/format-description.ts'

/** One event of a file. */
export interface LogEvent {
  type: number
  /** Unix seconds. */
  time: number
  flags: number
  /** Where it begins in its file; of an event out of a compressed transaction, where that begins. */
  offset: number
  end: number
  /** Header and body, without a checksum. */
  bytes: Buffer
}

const readSize = 1024 * 1024

/**
 * The events of a log on the disk, one after the other, each whole in memory. The first is the description of the format, whatever `from` is.
 * @param from offset of the first event after it; 4 or less for all
 * @throws Failure `log-damaged` for anything but whole events with right checksums, up to `until`
 */
export async function* readEvents(
  file: { name: string; path: string },
  from: number,
  until: number,
): AsyncGenerator<LogEvent & { format: FormatDescription }> {
  const handle = await open(file.path)
  let buffer: Buffer = Buffer.alloc(0)
  /** Offset of the buffer's first byte in the file. */
  let start = 0
  const need = async (at: number, length: number) => {
    if (at >= start && at + length <= start + buffer.length) return buffer.subarray(at - start, at - start + length)
    const next = Buffer.allocUnsafe(Math.max(length, readSize))
    let filled = 0
    while (filled < next.length) {
      const { bytesRead } = await handle.read(next, filled, next.length - filled, at + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    start = at
    buffer = next.subarray(0, filled)
    if (filled < length) throw damaged(file.name, at, 'it ends inside an event')
    return buffer.subarray(0, length)
  }
  try {
    if (!(await need(0, magic.length)).equals(magic)) throw damaged(file.name, 0, 'it is no binary log')
    let format: FormatDescription | undefined
    for (let at = magic.length; at < until; ) {
      const { type, time, flags, size } = parseHeader(await need(at, headerLength))
      if (size < headerLength || at + size > until) throw damaged(file.name, at, 'it ends inside an event')
      const whole = await need(at, size)
      const describes = type === eventType.formatDescription
      if (!format && !describes) throw damaged(file.name, at, 'it does not begin with a description of its format')
      const summed = describes || format?.checksum === 'CRC32'
      const length = size - (summed ? checksumLength : 0)
      if (summed && crc32(whole.subarray(0, length)) !== whole.readUInt32LE(length))
        throw damaged(file.name, at, 'the checksum of an event is wrong')
      if (describes) format = parseFormatDescription(whole)
      // The description keeps its checksum, which is there even where others have none.
      const bytes = describes ? whole : whole.subarray(0, length)
      const end = at + size
      yield { type, time, flags, offset: at, end, bytes, format: format! }
      at = Math.max(end, from)
    }
  } finally {
    await handle.close()
  }
}

function damaged(name: string, offset: number, why: string): Failure {
  return new Failure('log-damaged', `The binary log ${name} cannot be read at offset ${offset}`, {
    why,
    fix: 'Restore the files again, into an empty directory',
  })
}
