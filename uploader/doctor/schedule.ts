import { defaultTimeZone, nextRun, type Schedule as Times } from '../../shared/schedule.ts'
import type { SourceConfig } from '../config/load.ts'
import { type Check, found, ok } from './check.ts'

const check = 'schedule'
const modes = ['full', 'differential', 'log'] as const

/** When the runs of a source come, and whether they fit together. */
export function checkSchedule({ name, schedule }: SourceConfig, now: Date): Check[] {
  const planned = modes.flatMap(mode => {
    const times = timesOf(schedule, mode)
    const next = times && nextRun(times, now)
    return next ? [{ mode, next }] : []
  })
  if (planned.length === 0)
    return [
      warn(name, 'schedule-missing', {
        what: 'Nothing starts by itself',
        why: 'the source has no schedule',
        fix: `Add one in failsafe.yaml, such as schedule: { full: "0 2 * * *" }`,
      }),
    ]
  const zone = schedule?.timeZone ?? defaultTimeZone
  const checks = [
    ok(check, `Next runs: ${planned.map(({ mode, next }) => `${mode} ${momentIn(zone, next)}`).join(', ')}`, name),
  ]
  if (!schedule?.full)
    checks.push(
      warn(name, 'schedule-no-full', {
        what: 'No full backup is scheduled',
        why: 'logs and differentials need one to go on from: one is taken when nothing else will do, at whatever hour that is',
        fix: 'Add full to the schedule, once a week or oftener',
      }),
    )
  return checks
}

/** The longest time between two log runs that are scheduled, in seconds; undefined where there are none. */
export function longestPause(schedule: SourceConfig['schedule'], now: Date): number | undefined {
  const times = timesOf(schedule, 'log')
  if (!times) return undefined
  let longest = 0
  let last = nextRun(times, now)
  // A week of runs every five minutes, a year of daily ones.
  for (let run = 0; last && run < 2016 && last.getTime() - now.getTime() < 366 * 86_400_000; run++) {
    const next = nextRun(times, last)
    if (next) longest = Math.max(longest, (next.getTime() - last.getTime()) / 1000)
    last = next
  }
  return longest
}

function timesOf(schedule: SourceConfig['schedule'], mode: (typeof modes)[number]): Times | undefined {
  const cron = schedule?.[mode]
  return cron === undefined ? undefined : { cron, timeZone: schedule?.timeZone ?? defaultTimeZone }
}

/** `2026-11-30 02:00 Europe/Berlin` */
function momentIn(timeZone: string, moment: Date): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return `${format.format(moment)} ${timeZone}`
}

function warn(source: string, code: string, about: { what: string; why: string; fix: string }): Check {
  return found(check, { code, grave: false, ...about }, source)
}
