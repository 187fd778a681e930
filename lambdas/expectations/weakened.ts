import { runsBetween, type Schedule } from '../../shared/schedule.ts'
import { SnapshotKind } from '../../shared/snapshot.ts'
import { type HeldSchedule, intervalAt, type Plan } from './plan.ts'

type Schedules = Plan['schedules']

const day = 86_400_000
/** Runs are compared over the next week; rarer ones over a little more than a year. */
const week = 7 * day
const longRun = 400 * day
/** Runs more often than every five minutes are not told apart. */
const countedAtMost = 2016

/** Kinds of which fewer runs (of them, or of a greater kind) are to come than before. */
export function weakenedKinds(before: Schedules, after: Schedules, now: Date): SnapshotKind[] {
  return SnapshotKind.options.filter(kind => {
    if (!before[kind]) return false
    const inWeek = countOf(before, kind, now, week)
    if (inWeek > 1) return countOf(after, kind, now, week) < inWeek
    return countOf(after, kind, now, longRun) < countOf(before, kind, now, longRun)
  })
}

function countOf(schedules: Schedules, kind: SnapshotKind, now: Date, span: number): number {
  const to = new Date(now.getTime() + span)
  let count = 0
  for (const greater of kindsFrom(kind)) {
    const schedule = schedules[greater]
    if (!schedule) continue
    for (const _run of runsBetween(schedule, now, to)) if (++count >= countedAtMost) return count
  }
  return count
}

/** A kind and those that do for it: a full does for a differential and for a log. */
export function kindsFrom(kind: SnapshotKind): SnapshotKind[] {
  return SnapshotKind.options.slice(0, SnapshotKind.options.indexOf(kind) + 1)
}

/** For each weakened kind, what is expected of it for one more of its old intervals. One that is held already stays as it is. */
export function heldAfter(
  before: { schedules: Schedules; held: Plan['held'] },
  after: Schedules,
  now: Date,
): Plan['held'] {
  const inForce = Object.fromEntries(
    Object.entries(before.held).filter(([, { until }]) => until > now.toISOString()),
  ) as Plan['held']
  const expected: Schedules = { ...before.schedules, ...inForce }
  const held: Plan['held'] = {}
  for (const kind of weakenedKinds(expected, after, now)) held[kind] = inForce[kind] ?? heldOnce(expected[kind]!, now)
  return held
}

function heldOnce(schedule: Schedule, now: Date): HeldSchedule {
  const until = new Date(now.getTime() + (intervalAt(schedule, now) ?? day)).toISOString()
  return { cron: schedule.cron, timeZone: schedule.timeZone, until }
}
