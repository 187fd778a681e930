/** A place in a log: generation, sector and byte. */
export interface LogPlace {
  generation: number
  sector: number
  byte: number
}

export function logPlace(bytes: Buffer, at: number): LogPlace {
  return { byte: bytes.readUInt16LE(at), sector: bytes.readUInt16LE(at + 2), generation: bytes.readInt32LE(at + 4) }
}

/** Which backup a database remembers. */
export interface BackupMark {
  /** When it was taken, as `logTime` writes it; null where there was none. */
  at: string | null
  /** Generations of its logs. */
  low: number
  high: number
}

/** 24 bytes: a place, a time, two generations. */
export function backupMark(bytes: Buffer, at: number): BackupMark {
  return { at: logTime(bytes, at + 8), low: bytes.readUInt32LE(at + 16), high: bytes.readUInt32LE(at + 20) }
}

export const signatureSize = 28
const timeSize = 8

/** 28 bytes that name a database or a stream of logs, in hexadecimal: compared as a whole. */
export function signature(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + signatureSize)
}

/** Eight bytes as they are, in hexadecimal, to be compared. */
export function rawTime(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + timeSize)
}

/**
 * Seconds, minutes, hours, day, month, years since 1900, then a bit for UTC and the milliseconds in two pieces.
 * @returns ISO 8601, with Z where it says that it is UTC; null where it is all zero
 */
export function logTime(bytes: Buffer, at: number): string | null {
  if (bytes.subarray(at, at + timeSize).every(byte => byte === 0)) return null
  const [second, minute, hour, day, month, year, low, high] = bytes.subarray(at, at + timeSize) as unknown as number[]
  const milliseconds = (low! >> 1) | (((high! >> 1) & 7) << 7)
  const text = (value: number, width = 2) => String(value).padStart(width, '0')
  const date = `${1900 + year!}-${text(month!)}-${text(day!)}`
  return `${date}T${text(hour!)}:${text(minute!)}:${text(second!)}.${text(milliseconds, 3)}${low! & 1 ? 'Z' : ''}`
}
