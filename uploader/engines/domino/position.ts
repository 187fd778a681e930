import type { Position } from '../../../shared/position.ts'

/** All databases of a partition share one transaction log, so they are one unit. */
export const unit = 'server'

/**
 * A place in a log: `at` is the number of an extent, all below which are held, and how many runs of logs have ended in it while it was written. So each run leads
 * on, though it may hold no whole extent: a database or an attachment that it holds is needed all the same.
 */
export function placeAt(extent: number, run = 0): string {
  return `${String(extent).padStart(10, '0')}.${String(run).padStart(6, '0')}`
}

export function extentOf(at: string): number {
  return Number(at.slice(0, 10))
}

/** The place of the next run that ends in the same extent. */
export function nextPlace(at: string): string {
  return placeAt(extentOf(at), Number(at.slice(11)) + 1)
}

export const laterPlace = (a: string, b: string): string => (a > b ? a : b)

/** Where no log is archived, a full is a moment and nothing follows it. */
export function momentOf(at: Date): Position {
  return { stream: 'no-log', at: at.toISOString() }
}
