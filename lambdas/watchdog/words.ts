import type { Mode } from '../expectations/plan.ts'

export const modeWords: Record<Mode, string> = {
  full: 'full backup',
  differential: 'differential backup',
  log: 'log backup',
  any: 'backup',
}

/** `3 days 4 h`, `2 h 10 min`, `5 min`: two units at most. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000))
  const units = [
    [Math.floor(minutes / 1440), 'days'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const
  const first = units.findIndex(([count]) => count > 0)
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${count === 1 && unit === 'days' ? 'day' : unit}`)
    .join(' ')
}

/** `2026-11-22 02:00 UTC` */
export function moment(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`
}

/** `1.5 GB`: three digits at most, in powers of 1000. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : Number(value.toPrecision(2))} ${units[unit]}`
}
