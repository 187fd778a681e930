import { OraError } from '../ora.ts'
import { ZonedDate } from '../value.ts'

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const element = /"[^"]*"|YYYY|RRRR|HH24|HH12|HH|MON|MM|MI|DD|SSSSS|SS|FF\d?|TZH|TZM|YY|RR|AM|PM|[-\s/:.,;]/giy

const pad = (number: number, digits = 2) => String(number).padStart(digits, '0')

/**
 * TO_CHAR of a DATE or TIMESTAMP.
 *
 * @param date its UTC fields are shown
 * @throws OraError 1821
 * @see SQL Language Reference, "Format Models"
 */
export function formatDate(date: Date, format: string): string {
  return elements(format)
    .map(part => formatElement(date, part))
    .join('')
}

function elements(format: string): string[] {
  const parts = format.match(element) ?? []
  if (parts.join('') !== format) throw new OraError(1821, 'date format not recognized')
  return parts
}

function formatElement(date: Date, part: string): string {
  if (part.startsWith('"')) return part.slice(1, -1)
  switch (part.toUpperCase()) {
    case 'YYYY':
    case 'RRRR':
      return pad(date.getUTCFullYear(), 4)
    case 'YY':
    case 'RR':
      return pad(date.getUTCFullYear() % 100)
    case 'MON':
      return months[date.getUTCMonth()]!
    case 'MM':
      return pad(date.getUTCMonth() + 1)
    case 'DD':
      return pad(date.getUTCDate())
    case 'HH24':
      return pad(date.getUTCHours())
    case 'HH':
    case 'HH12':
      return pad(((date.getUTCHours() + 11) % 12) + 1)
    case 'AM':
    case 'PM':
      return date.getUTCHours() < 12 ? 'AM' : 'PM'
    case 'MI':
      return pad(date.getUTCMinutes())
    case 'SS':
      return pad(date.getUTCSeconds())
    case 'SSSSS':
      return String((date.getUTCHours() * 60 + date.getUTCMinutes()) * 60 + date.getUTCSeconds())
    case 'TZH':
      return zone(date).slice(0, 3)
    case 'TZM':
      return zone(date).slice(4)
    default:
      if (!/^FF/i.test(part)) return part
      return pad(date.getUTCMilliseconds(), 3)
        .padEnd(9, '0')
        .slice(0, Number(part[2] ?? 6))
  }
}

/** `+05:30` */
export function formatZone(minutes: number): string {
  const whole = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(whole / 60))}:${pad(whole % 60)}`
}

function zone(date: Date): string {
  if (!(date instanceof ZonedDate)) throw new OraError(1821, 'date format not recognized')
  return formatZone(date.offsetMinutes)
}

/** TO_DATE and TO_TIMESTAMP. @throws OraError 1861 for text that does not fit the format, 1821 */
export function parseDate(text: string, format: string): Date {
  const found: Record<string, number> = {}
  let rest = text
  for (const part of elements(format)) {
    const name = part.toUpperCase()
    const literal = part.startsWith('"') ? part.slice(1, -1) : /^\W$/.test(part) ? part : null
    const pattern = name === 'MON' ? /^[a-z]{3}/i : literal === null ? /^\d{1,9}/ : null
    const digits = pattern?.exec(rest.slice(0, lengthOf(name)))?.[0] ?? literal
    if (digits === null || digits === undefined || !rest.startsWith(digits))
      throw new OraError(1861, 'literal does not match format string')
    if (pattern) found[name] = name === 'MON' ? months.indexOf(digits.toUpperCase()) + 1 : Number(digits)
    rest = rest.slice(digits.length)
  }
  if (rest.trim() !== '') throw new OraError(1830, 'date format picture ends before converting entire input string')
  const year = found.YYYY ?? found.RRRR ?? 2000 + (found.YY ?? found.RR ?? 0)
  const fraction = Object.entries(found).find(([name]) => name.startsWith('FF'))?.[1] ?? 0
  const milliseconds = Math.trunc(Number(`0.${fraction}`) * 1000)
  return new Date(
    Date.UTC(
      year,
      (found.MON ?? found.MM ?? 1) - 1,
      found.DD ?? 1,
      found.HH24 ?? found.HH12 ?? found.HH ?? 0,
      found.MI ?? 0,
      found.SS ?? 0,
      milliseconds,
    ),
  )
}

function lengthOf(name: string): number {
  if (name.startsWith('FF')) return Number(name[2] ?? 9)
  return name === 'HH24' || name === 'HH12' ? 2 : name.length
}
