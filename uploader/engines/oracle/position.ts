import type { Position } from '../../../shared/position.ts'
import type { Inventory } from './inventory.ts'

/** Digits of the highest SCN that there may be. */
const width = 20

/** An SCN in a fixed width, so that text sorts as the redo does. */
export function atScn(scn: string): string {
  return scn.padStart(width, '0')
}

/** `atScn` the other way round. */
export function scnOf(at: string): string {
  return at.replace(/^0+(?=\d)/, '')
}

/** A place in the redo of one thread: everything below this SCN is before it. The stream is the database, its incarnation and the thread. */
export function positionOf(
  { id, incarnation }: Pick<Inventory, 'id' | 'incarnation'>,
  thread: number,
  scn: string,
): Position {
  return { stream: `${historyOf({ id, incarnation })}/${thread}`, at: atScn(scn) }
}

/** The stream without the thread. */
export function historyOf({ id, incarnation }: Pick<Inventory, 'id' | 'incarnation'>): string {
  return `${id}/${incarnation.scn}-${incarnation.id}`
}

export function unitOf(thread: number): string {
  return `thread ${thread}`
}

export const isBefore = (scn: string, other: string) => BigInt(scn) < BigInt(other)
export const lower = (scn: string, other: string) => (isBefore(scn, other) ? scn : other)

/** `+01:00`, as an instant ends. */
export function offsetIn(instant: string): string {
  return /([+-]\d\d:\d\d|Z)$/.exec(instant)?.[0] ?? 'Z'
}

/** What a clock shows at an instant that is so far ahead of UTC: `2026-11-22T10:15:00`. Parts of a second are left out. */
export function clockAt(instant: string, offset: string): string {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? []
  const ahead = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  return new Date(Math.floor(Date.parse(instant) / 1000) * 1000 + ahead * 60_000).toISOString().slice(0, 19)
}
