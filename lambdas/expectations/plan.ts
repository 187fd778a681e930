import { z } from 'zod'
import { nextRun, previousRun, type Schedule } from '../../shared/schedule.ts'
import { SnapshotKind } from '../../shared/snapshot.ts'

/** What is expected of a source: a run of each kind by its schedule, and with `any` the provider's own least. */
export const Mode = z.enum([...SnapshotKind.options, 'any'])
export type Mode = z.infer<typeof Mode>

/** A schedule from before its host weakened it: expected until then all the same. */
export const HeldSchedule = z.object({ cron: z.string(), timeZone: z.string(), until: z.iso.datetime() })
export type HeldSchedule = z.infer<typeof HeldSchedule>

/** What is expected of one source, when. Instants of a mode are its *expected moments*. */
export interface Plan {
  schedules: Partial<Record<SnapshotKind, Schedule>>
  held: Partial<Record<SnapshotKind, HeldSchedule>>
  /** A snapshot of any kind at least so often; null for no such word, or where the schedules see to it. */
  everyHours: number | null
  /** By how much a host spreads its runs after each moment. */
  jitterSeconds: number
}

const hour = 3_600_000
const day = 24 * hour

/** The first expected moment after an instant. For `any`, that of the last snapshot. */
export function nextExpected(plan: Plan, mode: Mode, after: Date): Date | undefined {
  if (mode === 'any') return plan.everyHours === null ? undefined : new Date(after.getTime() + plan.everyHours * hour)
  const held = plan.held[mode]
  const schedule = plan.schedules[mode]
  if (held && held.until > after.toISOString()) {
    const run = nextRun(held, after)
    if (run && run.toISOString() <= held.until) return run
    after = new Date(held.until)
  }
  return schedule && nextRun(schedule, after)
}

/** A run that is not there so long after its moment (and the host's jitter) is late: half its interval, within these limits. */
export const leastGrace = 15 * 60_000
export const mostGrace = 6 * hour

/** @returns milliseconds */
export function graceOf(plan: Plan, mode: Mode, expected: Date): number {
  const next = nextExpected(plan, mode, expected)
  const interval = next ? next.getTime() - expected.getTime() : day
  return Math.min(mostGrace, Math.max(leastGrace, interval / 2))
}

/** Nights on which the clock goes back are an hour longer: a daily run does not fall short of `24` then. */
const clockChange = hour

/** Whether a source's schedules promise a snapshot of some kind at least every so many hours, over the next week (or four such spans). */
export function promises(schedules: Schedule[], everyHours: number, from: Date): boolean {
  const limit = everyHours * hour + clockChange
  const end = from.getTime() + Math.max(7 * day, 4 * limit)
  for (let at = from.getTime(); at < end; ) {
    const latest = new Date(at + limit + 1)
    const runs = schedules.map(schedule => previousRun(schedule, latest)?.getTime() ?? 0)
    const furthest = Math.max(0, ...runs)
    if (furthest <= at) return false
    at = furthest
  }
  return true
}

/** How far apart a mode's moments are around an instant, in milliseconds; undefined when it has fewer than two. */
export function intervalAt(schedule: Schedule, at: Date): number | undefined {
  const next = nextRun(schedule, at)
  const before = next && previousRun(schedule, next)
  return before && next.getTime() - before.getTime()
}
