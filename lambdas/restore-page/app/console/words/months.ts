import { dateFormat } from '../../words/intl.ts'

/** The months from one moment to another, newest first, as the API writes them: `202611`. Epoch milliseconds. */
export function monthsBetween(from: number, to: number): string[] {
  const indexOf = (time: number) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth()
  const months: string[] = []
  for (let index = indexOf(to); index >= indexOf(from); index--)
    months.push(`${Math.floor(index / 12)}${String((index % 12) + 1).padStart(2, '0')}`)
  return months
}

/** `November 2026` @param month `202611` */
export function monthName(locale: string, month: string): string {
  const options = { timeZone: 'UTC', month: 'long', year: 'numeric' } as const
  return dateFormat(locale, options).format(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(4)) - 1))
}
