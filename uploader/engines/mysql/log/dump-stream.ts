import { parseError } from '../wire/server-error.ts'
import { checksumLength, eventType, headerLength, parseHeader } from './event-header.ts'

const maxPacket = 0xffffff
const nonBlock = 0x01
const annotateRows = 0x02

/**
 * COM_BINLOG_DUMP from the start of a file: position (4), flags (2), server id (4), file name. The server ends the stream at the end of its
 * last log instead of waiting there; server id 0 is nobody's, so that no replica is thrown out for it.
 * @param annotations MariaDB leaves the events out that hold the statements' texts unless it is told not to; MySQL means something else by this flag
 */
export function dumpPacket(file: string, annotations: boolean): Buffer {
  const name = Buffer.from(file)
  const packet = Buffer.alloc(15 + name.length)
  packet.writeUIntLE(packet.length - 4, 0, 3)
  packet[4] = 0x12
  packet.writeUInt32LE(4, 5)
  packet.writeUInt16LE(nonBlock | (annotations ? annotateRows : 0), 9)
  name.copy(packet, 15)
  return packet
}

export type StreamEnd = 'end-of-logs' | 'next-file'

/**
 * Takes the packets of a dump apart: bytes in as the socket delivers them, the very bytes of one log file out. What the server makes up
 * for its readers (the name of the file, heartbeats) stays out.
 *
 *     packet    length (3) │ number (1) │ 00 │ event …              a packet of 16 MiB − 1 goes on in the next, without the 00
 *                                       │ fe …                      the logs have ended
 *                                       │ ff …                      an error
 */
export class DumpStream {
  /** Set once the file has ended; nothing is looked at after that. */
  end: StreamEnd | undefined
  readonly #file: string
  readonly #emit: (bytes: Buffer) => void
  readonly #header = Buffer.alloc(4)
  #headerFilled = 0
  /** Bytes of the packet that are still to come. */
  #left = 0
  /** Whether the next packet belongs to this one. */
  #goesOn = false
  /** What the bytes that come now are. */
  #part: 'kind' | 'event-header' | 'event' | 'made-up' | 'file-name' | 'reply' = 'kind'
  #collected: Buffer = Buffer.alloc(0)

  /** @param emit gets bytes that are valid during the call only */
  constructor(file: string, emit: (bytes: Buffer) => void) {
    this.#file = file
    this.#emit = emit
  }

  /** @throws ServerError where the server says why it cannot go on */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && this.end === undefined) {
      if (this.#headerFilled < 4) {
        const take = Math.min(4 - this.#headerFilled, chunk.length - at)
        chunk.copy(this.#header, this.#headerFilled, at, at + take)
        this.#headerFilled += take
        at += take
        if (this.#headerFilled < 4) break
        if (!this.#goesOn) this.#part = 'kind'
        this.#left = this.#header.readUIntLE(0, 3)
        this.#goesOn = this.#left === maxPacket
      } else {
        const used = this.#take(chunk.subarray(at, at + this.#left))
        at += used
        this.#left -= used
      }
      if (this.#left === 0) this.#endPacket()
    }
  }

  /** @returns how many of the bytes were used */
  #take(piece: Buffer): number {
    switch (this.#part) {
      case 'kind':
        this.#part = piece[0] === 0x00 ? 'event-header' : 'reply'
        return this.#part === 'reply' ? this.#collect(piece) : 1
      case 'event-header': {
        const used = this.#collect(piece.subarray(0, headerLength - this.#collected.length))
        if (this.#collected.length === headerLength) this.#beginEvent()
        return used
      }
      case 'event':
        this.#emit(piece)
        return piece.length
      case 'made-up':
        return piece.length
      case 'file-name':
      case 'reply':
        return this.#collect(piece)
    }
  }

  #beginEvent(): void {
    const header = this.#collected
    this.#collected = Buffer.alloc(0)
    const { type, artificial } = parseHeader(header)
    if (artificial && type === eventType.rotate) this.#part = 'file-name'
    else if (artificial || type === eventType.heartbeat || type === eventType.heartbeatV2) this.#part = 'made-up'
    else {
      this.#part = 'event'
      this.#emit(header)
    }
  }

  #endPacket(): void {
    this.#headerFilled = 0
    if (this.#goesOn) return
    if (this.#part === 'reply') {
      if (this.#collected[0] === 0xff) throw parseError(this.#collected)
      this.end = 'end-of-logs'
    } else if (this.#part === 'file-name' && !this.#isOurs(this.#collected)) this.end = 'next-file'
    this.#collected = Buffer.alloc(0)
  }

  /** @param body position (8), name, and a checksum where there is one */
  #isOurs(body: Buffer): boolean {
    const name = body.toString('latin1', 8)
    const more = name.length - Buffer.byteLength(this.#file)
    return name.startsWith(Buffer.from(this.#file).toString('latin1')) && (more === 0 || more === checksumLength)
  }

  #collect(piece: Buffer): number {
    this.#collected = Buffer.concat([this.#collected, piece])
    return piece.length
  }
}
