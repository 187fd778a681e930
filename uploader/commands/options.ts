import { InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { SnapshotId } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { parseDuration } from '../config/quantities.ts'

/** Parsers for commander: what they refuse becomes a usage error that names the option. */

export function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
  }
}

/** Seconds. */
export function duration(least: number, most: number, range: string) {
  return (text: string): number => {
    const seconds = parseDuration(text)
    if (seconds !== undefined && seconds >= least && seconds <= most) return seconds
    throw new InvalidArgumentError(`Give a time ${range}, such as 30m, 24h or 7d.`)
  }
}

export function instant(text: string): string {
  if (Instant.safeParse(text).success) return text
  throw new InvalidArgumentError('Give a moment with its offset, such as 2026-11-05T14:10:00+01:00 or …T13:10:00Z.')
}

export function snapshotId(text: string): string {
  if (SnapshotId.safeParse(text).success) return text
  throw new InvalidArgumentError('Give the id of a snapshot, as failsafe list prints it.')
}

/** What a schema takes. @param fix the sentence that says what to give */
export function checked(schema: z.ZodType<string>, fix: string) {
  return (text: string): string => {
    if (schema.safeParse(text).success) return text
    throw new InvalidArgumentError(fix)
  }
}

/** For an option that may be given several times. */
export function append(value: string, before: string[] = []): string[] {
  return [...before, value]
}
