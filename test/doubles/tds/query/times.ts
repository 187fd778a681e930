import { refused } from '../model/sql-error.ts'

const two = (value: number) => String(value).padStart(2, '0')

/** datetime counts in three hundredths of a second. Source: Microsoft, "datetime (Transact-SQL)", rounding. */
export function roundToDatetime(milliseconds: number): number {
  return Math.round(Math.round((milliseconds * 3) / 10) * (10 / 3))
}

/** Styles of CONVERT that the double knows. Source: Microsoft, "CAST and CONVERT (Transact-SQL)", date and time styles. */
export function formatTime(milliseconds: number, style: number): string {
  const date = new Date(milliseconds)
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  const fraction = String(date.getUTCMilliseconds()).padStart(3, '0')
  switch (style) {
    case 23:
      return day
    case 120:
    case 20:
      return `${day} ${time}`
    case 121:
    case 21:
      return `${day} ${time}.${fraction}`
    case 126:
    case 127:
      return fraction === '000' ? `${day}T${time}` : `${day}T${time}.${fraction}`
    default:
      throw refused(241)
  }
}

const iso = /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?$/

/** A wall clock's time. The formats that no language setting changes. @throws SqlError 241 */
export function parseTime(text: string): number {
  const match = iso.exec(text.trim())
  if (!match) throw refused(241)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(part => Number(part ?? 0))
  const fraction = Number(`0.${match[7] ?? '0'}`) * 1000
  const time = Date.UTC(year!, month! - 1, day, hour, minute, second) + Math.round(fraction)
  const real = new Date(time)
  if (real.getUTCMonth() !== month! - 1 || real.getUTCDate() !== day || hour! > 23 || minute! > 59 || second! > 59) {
    throw refused(241)
  }
  return time
}
