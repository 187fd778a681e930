import { dateFormat, listFormat, numberFormat, relativeFormat } from './intl.ts'

const minute = 60_000
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 60 * minute],
  ['month', 30 * 24 * 60 * minute],
  ['day', 24 * 60 * minute],
  ['hour', 60 * minute],
  ['minute', minute],
  ['second', 1000],
]

/** Numbers, times and sizes as people of one language read them. The language is a tag such as `en-GB`. */
export class Format {
  readonly #language: string
  constructor(language: string) {
    this.#language = language
  }

  number(value: number): string {
    return numberFormat(this.#language).format(value)
  }

  /** `3.2 GB`: powers of 1000, as file managers and line speeds count. */
  bytes(bytes: number): string {
    const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte']
    const power = Math.min(names.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
    return numberFormat(this.#language, {
      style: 'unit',
      unit: names[power]!,
      unitDisplay: power === 0 ? 'long' : 'short',
      maximumFractionDigits: 1,
    }).format(bytes / 1000 ** power)
  }

  /** `4 minutes`; hours and minutes beyond an hour. */
  duration(seconds: number): string {
    if (seconds < 1) return this.#unit(1, 'second')
    if (seconds < 90) return this.#unit(Math.round(seconds), 'second')
    if (seconds < 90 * 60) return this.#unit(Math.round(seconds / 60), 'minute')
    if (seconds < 48 * 3600) return this.#unit(Math.round(seconds / 360) / 10, 'hour')
    return this.#unit(Math.round(seconds / 8640) / 10, 'day')
  }

  #unit(value: number, unit: string): string {
    return numberFormat(this.#language, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
  }

  money(amount: number, currency: string): string {
    return numberFormat(this.#language, { style: 'currency', currency }).format(amount)
  }

  /** `3 minutes ago`, `in 2 hours`; `now` is that of the caller, epoch milliseconds. */
  relative(time: number, now: number): string {
    const format = relativeFormat(this.#language)
    const distance = time - now
    for (const [unit, length] of units)
      if (Math.abs(distance) >= length) return format.format(Math.trunc(distance / length), unit)
    return format.format(0, 'second')
  }

  /** `Wed, 4 Nov 2026, 02:00`; with seconds `02:00:00`. */
  exact(time: number, zone: string, options: { seconds?: boolean } = {}): string {
    return dateFormat(this.#language, {
      timeZone: zone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      ...(options.seconds ? { second: '2-digit' } : {}),
      hourCycle: 'h23',
    }).format(time)
  }

  /** `4 Nov 2026` */
  date(time: number, zone: string): string {
    return dateFormat(this.#language, { timeZone: zone, dateStyle: 'medium' }).format(time)
  }

  /** `02:00` */
  clock(time: number, zone: string): string {
    const options = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    return dateFormat(this.#language, options).format(time)
  }

  /** `Thursday 5 November 2026` @param day `2026-11-05` */
  day(day: string): string {
    return dateFormat(this.#language, { timeZone: 'UTC', dateStyle: 'full' }).format(Date.parse(`${day}T12:00:00Z`))
  }

  /** `Nov` @param day `2026-11-05` */
  month(day: string): string {
    return dateFormat(this.#language, { timeZone: 'UTC', month: 'short' }).format(Date.parse(`${day}T12:00:00Z`))
  }

  /** `a, b and c` */
  list(items: string[]): string {
    return listFormat(this.#language).format(items)
  }
}
