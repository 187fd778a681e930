import type { Position } from '../../../shared/position.ts'

/** `numeric(25,0)` in a fixed width, so that text sorts as the log does. An LSN never becomes a number: it has more digits than one holds. */
export function lsn(digits: string): string {
  return digits.padStart(25, '0')
}

/** A place in a database's log: the stream is the recovery fork. */
export function positionOf(fork: string, at: string): Position {
  return { stream: fork, at }
}

/**
 * An instant from the server's own clock (`2026-11-22T10:15:00.003`, or with a space), `offset` minutes ahead of UTC. Seconds are kept as the server's history
 * keeps them.
 */
export function instantOf(local: string, offset: number): string {
  const [seconds] = local.replace(' ', 'T').split('.')
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60].map(n =>
    String(n).padStart(2, '0'),
  )
  return `${seconds}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
}

/** What the server's clock, `offset` minutes ahead of UTC, shows at an instant: `2026-11-22T10:15:00.500`. */
export function localTimeOf(instant: string, offset: number): string {
  return new Date(Date.parse(instant) + offset * 60_000).toISOString().slice(0, -1)
}

/** Minutes ahead of UTC that an instant was written with. */
export function offsetOf(instant: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(instant) ?? []
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
