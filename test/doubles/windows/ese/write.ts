import { randomBytes } from 'node:crypto'
import { type DatabaseState, databaseStates } from '../../../../uploader/engines/exchange/ese/database-header.ts'
import { sealPage } from './seal-page.ts'

export const pageSize = 32_768
export const logFileSize = 1024 * 1024
/** A page begins with its header of 80 bytes; what is behind it is ours. */
const bodyAt = 80
const bodySize = pageSize - bodyAt

export interface DatabaseFields {
  state: DatabaseState
  /** 28 bytes in hexadecimal, as are all signatures. */
  signDb: string
  signLog: string
  required: { min: number; max: number }
  committed: number
  pageSize?: number
  repairs?: number
  /** Its last full backup: the generations of its logs. */
  lastFull?: { at: Buffer; low: number; high: number } | undefined
  /** Not null even where the state says dirty, as in databases that were seen. */
  consistent?: number
}

/** The two header pages. */
export function databaseHeader(fields: DatabaseFields): Buffer {
  const size = fields.pageSize ?? pageSize
  const page = Buffer.alloc(size)
  page.writeUInt32LE(0x89abcdef, 4)
  page.writeUInt32LE(0x620, 8)
  hexInto(page, fields.signDb, 24)
  page.writeUInt32LE(databaseStates.indexOf(fields.state) + 1, 52)
  page.writeInt32LE(fields.consistent ?? 0, 60)
  hexInto(page, fields.signLog, 108)
  if (fields.lastFull) {
    fields.lastFull.at.copy(page, 144)
    page.writeUInt32LE(fields.lastFull.low, 152)
    page.writeUInt32LE(fields.lastFull.high, 156)
  }
  page.writeUInt32LE(size === 4096 ? 0 : size, 236)
  page.writeUInt32LE(fields.repairs ?? 0, 240)
  page.writeInt32LE(fields.required.min, 296)
  page.writeInt32LE(fields.required.max, 300)
  page.writeInt32LE(fields.committed, 416)
  page.writeUInt32LE(1, 667)
  sealHeader(page)
  return Buffer.concat([page, page])
}

/** A whole database whose pages hold a text. */
export function databaseFile(fields: DatabaseFields, content: string): Buffer {
  return Buffer.concat([databaseHeader(fields), ...pagesOf(content)])
}

function pagesOf(content: string): Buffer[] {
  const bytes = Buffer.from(content)
  const pages: Buffer[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += bodySize) {
    const page = Buffer.alloc(pageSize)
    bytes.copy(page, bodyAt, at, at + bodySize)
    sealPage(page, pages.length + 1)
    pages.push(page)
  }
  return pages
}

/** The text of `databaseFile`. */
export function contentOf(file: Buffer): string {
  let text = Buffer.alloc(0)
  for (let at = 2 * pageSize; at + pageSize <= file.length; at += pageSize)
    text = Buffer.concat([text, file.subarray(at + bodyAt, at + pageSize)])
  return text.toString().replace(/\0+$/, '')
}

export interface LogFields {
  generation: number
  /** Raw times of eight bytes, in hexadecimal. */
  created: string
  previousCreated: string
  signLog: string
  circular?: boolean
  size?: number
  version?: { major: number; minor: number }
}

const sector = 4096

export function logHeader(fields: LogFields): Buffer {
  const { version = { major: 8, minor: 4000 }, size = logFileSize } = fields
  const page = Buffer.alloc(sector)
  page.writeInt32LE(fields.generation, 4)
  page.writeUInt16LE(sector, 8)
  page.writeUInt16LE(1, 10)
  page.writeUInt16LE(size / sector, 12)
  page.writeUInt16LE(pageSize, 14)
  hexInto(page, fields.created, 16)
  hexInto(page, fields.previousCreated, 24)
  page.writeUInt32LE(version.major, 32)
  page.writeUInt32LE(version.minor, 36)
  hexInto(page, fields.signLog, 44)
  page.writeUInt8(fields.circular ? 2 : 0, 639)
  page.writeUInt32LE(3, 667)
  sealHeader(page)
  return page
}

/** @param body lines of text, that a recovery plays */
export function logFile(fields: LogFields, body: string): Buffer {
  const file = Buffer.alloc(fields.size ?? logFileSize)
  logHeader(fields).copy(file)
  file.write(body, sector)
  return file
}

export function bodyOf(file: Buffer): string {
  const text = file.subarray(sector).toString()
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

export function checkpointFile({ generation, signLog }: { generation: number; signLog: string }): Buffer {
  const page = Buffer.alloc(sector)
  page.writeInt32LE(generation, 16)
  hexInto(page, signLog, 20)
  page.writeUInt32LE(4, 667)
  sealHeader(page)
  return page
}

/** The XOR of all words from the third on: with the constant that is the second one, it is the same. */
export function sealHeader(page: Buffer): void {
  let sum = 0
  for (let at = 8; at < page.length; at += 4) sum ^= page.readUInt32LE(at)
  const second = page.readUInt32LE(4)
  page.writeUInt32LE((sum ^ second ^ 0x89abcdef) >>> 0, 0)
}

/** Eight bytes: seconds, minutes, hours, day, month, years since 1900, a bit for UTC, milliseconds. */
export function timeBytes(at: Date): Buffer {
  const ms = at.getUTCMilliseconds()
  return Buffer.from([
    at.getUTCSeconds(),
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCFullYear() - 1900,
    1 | ((ms & 0x7f) << 1),
    ((ms >> 7) & 7) << 1,
  ])
}

export function newSignature(at: Date): string {
  return Buffer.concat([randomBytes(4), timeBytes(at), Buffer.alloc(16)]).toString('hex')
}

function hexInto(page: Buffer, hex: string, at: number): void {
  Buffer.from(hex, 'hex').copy(page, at)
}
