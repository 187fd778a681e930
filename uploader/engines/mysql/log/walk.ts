import { crc32 } from 'node:zlib'
import { checksumLength, type EventHeader, eventType, headerLength, magic, parseHeader } from './event-header.ts'
import { type FormatDescription, parseFormatDescription } from './format-description.ts'
import { Groups } from './groups.ts'
import { gtidsBefore } from './gtid.ts'

/** What a walk over one log file learnt. */
export interface LogFacts {
  format: FormatDescription
  /** Unix seconds; null where no event has a time. */
  firstTime: number | null
  lastTime: number | null
  /** The transactions of all logs before this one, as the file itself says. */
  gtidsBefore: string
  groups: number
  /** Where the last complete group ends. */
  boundary: number
  size: number
  largestEvent: number
  /** How the file ends: `cut` is one that is still written to, or that a crash ended. */
  ending: 'rotate' | 'stop' | 'cut'
}

/** Something that is not a log as the server writes it, or that a replay could not get over. */
export class LogDamage extends Error {
  readonly code: 'damaged' | 'incident' | 'encrypted' | 'other'

  constructor(code: LogDamage['code'], message: string) {
    super(message)
    this.name = 'LogDamage'
    this.code = code
  }
}

/** Enough of an event to see what it is: a statement's status variables are at most some 5 KiB, a list of GTIDs is kept whole. */
const keptOfStatement = 16 * 1024
const listLimit = 16 * 1024 * 1024

/** Looks at every byte of a log file as it goes by: events follow one another, ends and checksums are right. Holds nothing of what may be long. */
export class LogWalk {
  readonly #file: string
  readonly #from: number
  readonly #groups = new Groups()
  #magicSeen = 0
  #head = Buffer.alloc(headerLength)
  #headFilled = 0
  #event: EventHeader | undefined
  #left = 0
  #crc = 0
  #trailer = Buffer.alloc(0)
  #kept: Buffer[] = []
  #keptLength = 0
  #keep = 0
  #offset = 0
  #format: FormatDescription | undefined
  #firstTime: number | null = null
  #lastTime: number | null = null
  #gtidsBefore: string | undefined
  #count = 0
  #boundary = magic.length
  #largest = 0
  #last: number | undefined

  /** @param from where what is new begins: an event must begin there, and losses that are noted before it do not count */
  constructor(file: string, from = magic.length) {
    this.#file = file
    this.#from = from
  }

  /** Known once the second event has gone by. */
  get head(): { created: number; gtidsBefore: string } | undefined {
    return this.#format && this.#gtidsBefore !== undefined
      ? { created: this.#format.created, gtidsBefore: this.#gtidsBefore }
      : undefined
  }

  /** @throws LogDamage */
  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#magicSeen < magic.length) {
        if (bytes[at] !== magic[this.#magicSeen]) throw this.#damage('it does not begin as a binary log does')
        this.#magicSeen++
        this.#offset++
        at++
      } else if (this.#headFilled < headerLength) {
        const take = Math.min(headerLength - this.#headFilled, bytes.length - at)
        bytes.copy(this.#head, this.#headFilled, at, at + take)
        this.#headFilled += take
        at += take
        if (this.#headFilled === headerLength) this.#begin()
      } else {
        const piece = bytes.subarray(at, at + this.#left)
        this.#body(piece)
        at += piece.length
      }
      if (this.#event && this.#left === 0) this.#end(this.#event)
    }
  }

  /** After the last byte. @throws LogDamage for a file that ends inside an event */
  finish(): LogFacts {
    if (this.#headFilled > 0 || !this.#format) throw this.#damage('it ends inside an event')
    return {
      format: this.#format,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      gtidsBefore: this.#gtidsBefore ?? '',
      groups: this.#count,
      boundary: this.#boundary,
      size: this.#offset,
      largestEvent: this.#largest,
      ending: this.#last === eventType.rotate ? 'rotate' : this.#last === eventType.stop ? 'stop' : 'cut',
    }
  }

  #begin(): void {
    const event = parseHeader(this.#head)
    if (this.#offset < this.#from && this.#offset + event.size > this.#from)
      throw new LogDamage('other', `${this.#file} has no event at ${this.#from}, where the last backup ended`)
    if (event.size < headerLength) throw this.#damage('an event is shorter than its header')
    if (!this.#format && event.type !== eventType.formatDescription)
      throw this.#damage('it does not begin with a description of its format')
    if (event.next !== 0 && event.next !== (this.#offset + event.size) % 2 ** 32)
      throw this.#damage(`the event says that it ends at ${event.next}, but it ends at ${this.#offset + event.size}`)
    this.#event = event
    this.#left = event.size - headerLength
    this.#crc = crc32(this.#head)
    this.#trailer = Buffer.alloc(0)
    this.#kept = [Buffer.from(this.#head)]
    this.#keptLength = headerLength
    this.#keep = Math.min(event.size, keptOf(event.type))
  }

  #body(piece: Buffer): void {
    if (this.#keptLength < this.#keep) {
      const part = Buffer.from(piece.subarray(0, this.#keep - this.#keptLength))
      this.#kept.push(part)
      this.#keptLength += part.length
    }
    // The checksum is over all but the last four bytes, and those may come in pieces.
    const before = this.#left
    this.#left -= piece.length
    const summed = Math.max(0, Math.min(piece.length, before - checksumLength))
    if (this.#isSummed && summed > 0) this.#crc = crc32(piece.subarray(0, summed), this.#crc)
    if (summed < piece.length) this.#trailer = Buffer.concat([this.#trailer, piece.subarray(summed)])
  }

  /** The description has a checksum even where the others have none. */
  get #isSummed(): boolean {
    return this.#event?.type === eventType.formatDescription || this.#format?.checksum === 'CRC32'
  }

  #end(event: EventHeader): void {
    const bytes = this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
    if (this.#isSummed && (this.#trailer.length < checksumLength || this.#trailer.readUInt32LE(0) !== this.#crc))
      throw this.#damage('the checksum of the event is wrong')
    if (event.type === eventType.formatDescription) this.#format = parseFormatDescription(bytes)
    const whole = bytes.length === event.size && this.#format!.checksum === 'CRC32'
    this.#note(event, whole ? bytes.subarray(0, -checksumLength) : bytes)
    this.#offset += event.size
    this.#largest = Math.max(this.#largest, event.size)
    this.#last = event.type
    if (this.#groups.between) this.#boundary = this.#offset
    this.#event = undefined
    this.#headFilled = 0
  }

  #note(event: EventHeader, bytes: Buffer): void {
    switch (event.type) {
      case eventType.incident:
        if (this.#offset < this.#from) break
        throw new LogDamage('incident', `${this.#file} notes at ${this.#offset} that the server lost events`)
      case eventType.mariadbStartEncryption:
        throw new LogDamage('encrypted', `${this.#file} is encrypted`)
      case eventType.previousGtids:
      case eventType.mariadbGtidList:
        this.#gtidsBefore = gtidsBefore(event.type, bytes)
        break
    }
    if (event.time > 0) {
      this.#firstTime ??= event.time
      this.#lastTime = Math.max(this.#lastTime ?? 0, event.time)
    }
    if (this.#groups.add(event.type, bytes) === 'last') this.#count++
  }

  #damage(what: string): LogDamage {
    return new LogDamage('damaged', `${this.#file}, offset ${this.#offset}: ${what}`)
  }
}

function keptOf(type: number): number {
  switch (type) {
    case eventType.previousGtids:
    case eventType.mariadbGtidList:
    case eventType.formatDescription:
      return listLimit
    case eventType.query:
      return keptOfStatement
    default:
      return 64
  }
}
