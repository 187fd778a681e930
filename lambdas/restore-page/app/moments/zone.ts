import { dateFormat } from '../words/intl.ts'

const minute = 60_000
const hour = 60 * minute

function formatOf(zone: string): Intl.DateTimeFormat {
  return dateFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
}

/** What clocks in a zone show at a time, as if it were UTC: epoch milliseconds, of whole seconds. */
function wallAt(zone: string, time: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(time)) parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}

/** How far clocks in a zone are before UTC, in minutes. */
export function offsetAt(zone: string, time: number): number {
  return (wallAt(zone, time) - Math.floor(time / 1000) * 1000) / minute
}

/**
 * The times at which clocks in a zone show this: one mostly; two in the hour that comes twice when they go back, earlier first; none in the
 * hour that is left out when they go forward.
 * @param wall as if it were UTC, epoch milliseconds
 */
export function timesOf(zone: string, wall: number): number[] {
  const offsets = new Set([offsetAt(zone, wall - 26 * hour), offsetAt(zone, wall + 26 * hour)])
  return [...offsets]
    .map(offset => wall - offset * minute)
    .filter(time => wallAt(zone, time) === Math.floor(wall / 1000) * 1000)
    .sort((a, b) => a - b)
}

/** `2026-11-05` */
export function dayOf(zone: string, time: number): string {
  return new Date(wallAt(zone, time)).toISOString().slice(0, 10)
}

/** `2026-11-05 14:10:00`, with milliseconds only where there are some. */
export function wallText(zone: string, time: number): string {
  const text = new Date(wallAt(zone, time)).toISOString().slice(0, 19).replace('T', ' ')
  const rest = ((time % 1000) + 1000) % 1000
  return rest === 0 ? text : `${text}.${String(rest).padStart(3, '0')}`
}

/** `UTC+01:00` */
export function offsetText(zone: string, time: number): string {
  const offset = offsetAt(zone, time)
  if (offset === 0) return 'UTC'
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
  return `UTC${offset < 0 ? '−' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

const starts = new Map<string, number>()

/** Where a day begins: at midnight, or at the end of an hour that is left out there. Worked out once for each day. @param day `2026-11-05` */
export function startOfDay(zone: string, day: string): number {
  const known = starts.get(`${zone} ${day}`)
  if (known !== undefined) return known
  const wall = Date.parse(`${day}T00:00:00Z`)
  const start = timesOf(zone, wall)[0] ?? timesOf(zone, wall + hour)[0] ?? wall
  starts.set(`${zone} ${day}`, start)
  return start
}

/** @param day `2026-11-05` */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 24 * hour).toISOString().slice(0, 10)
}

export type ReadTime =
  | { kind: 'one'; time: number }
  /** Clocks went back: it came twice. */
  | { kind: 'twice'; times: [number, number] }
  /** Clocks went forward: it was left out. */
  | { kind: 'never' }
  | { kind: 'unreadable' }

/**
 * A time as people write or paste it: `2026-11-05 14:10`, with seconds or without, or with an offset as in `2026-11-05T14:10:00+01:00`, which
 * then counts instead of the zone.
 */
export function readTime(text: string, zone: string): ReadTime {
  const pattern = /^(\d{4}-\d\d-\d\d)[T ]+(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i
  const match = text.trim().match(pattern)
  if (!match) return { kind: 'unreadable' }
  const [, day, clock, seconds = ':00', fraction = '', offset] = match
  const wall = Date.parse(`${day}T${clock}${seconds}${fraction.slice(0, 4)}Z`)
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== day) return { kind: 'unreadable' }
  if (offset) return { kind: 'one', time: wall - offsetMinutes(offset) * minute }
  const times = timesOf(zone, wall)
  if (times.length > 1) return { kind: 'twice', times: [times[0]!, times[1]!] }
  return times.length === 1 ? { kind: 'one', time: times[0]! } : { kind: 'never' }
}

function offsetMinutes(offset: string): number {
  const match = offset.match(/^([+-])(\d\d):?(\d\d)$/)
  if (!match) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}
