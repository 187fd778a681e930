import type { ZonedDate } from '../value.ts'

/**
 * DATE: century and year of it each with 100 added, month, day, then hour, minute and second each with 1 added (Oracle Call Interface
 * Programmer's Guide, "Data Types", DATE). It names no time zone.
 *
 * @param date its UTC fields are what the clock of the database shows
 */
export function encodeDate(date: Date): Buffer {
  const year = date.getUTCFullYear()
  return Buffer.from([
    Math.trunc(year / 100) + 100,
    (year % 100) + 100,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours() + 1,
    date.getUTCMinutes() + 1,
    date.getUTCSeconds() + 1,
  ])
}

/** TIMESTAMP: a DATE and four bytes of nanoseconds. */
export function encodeTimestamp(date: Date): Buffer {
  const nanoseconds = Buffer.alloc(4)
  nanoseconds.writeUInt32BE(date.getUTCMilliseconds() * 1_000_000)
  return Buffer.concat([encodeDate(date), nanoseconds])
}

/** TIMESTAMP WITH TIME ZONE: a TIMESTAMP in UTC, then hours of the zone with 20 and minutes with 60 added. */
export function encodeZoned(date: ZonedDate): Buffer {
  const utc = new Date(date.getTime() - date.offsetMinutes * 60_000)
  const zone = Buffer.from([20 + Math.trunc(date.offsetMinutes / 60), 60 + (date.offsetMinutes % 60)])
  return Buffer.concat([encodeTimestamp(utc), zone])
}

/** Reads a DATE, a TIMESTAMP, and one with a time zone as the UTC that it holds. */
export function decodeDate(bytes: Buffer): Date {
  const [century, year, month, day, hour, minute, second] = bytes as unknown as number[]
  const milliseconds = bytes.length >= 11 ? Math.trunc(bytes.readUInt32BE(7) / 1_000_000) : 0
  return new Date(
    Date.UTC((century! - 100) * 100 + year! - 100, month! - 1, day!, hour! - 1, minute! - 1, second! - 1, milliseconds),
  )
}
