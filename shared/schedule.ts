import { Cron } from 'croner'
import { z } from 'zod'

// When a source's runs come: a cron expression of five fields (minute, hour, day of month, month, day of week) in a time zone. When clocks
// change, it depends on whether minute and hour are plain (numbers, lists, ranges) or stepped (an asterisk, a step):
//
//                             plain: 30 2 * * *                          stepped: */15 * * * *
//   clocks go forward         a moment that is left out comes at         real intervals go on: what is left out
//   (no 02:00 to 03:00)       the end of the gap, 03:00; once            does not come
//   clocks go back            the first of the two alone                 real intervals go on: both come
//   (02:00 to 03:00 twice)

export interface Schedule {
  cron: string
  /** IANA name. */
  timeZone: string
}

export const defaultTimeZone = 'UTC'

/** Crons that differ from one another in nothing but their zone are few; this is for thousands of sources with a handful of schedules. */
const parsed = new Map<string, Cron>()
const parsedAtMost = 1000

/** @throws TypeError for an expression or a zone that is not valid */
function parse({ cron, timeZone }: Schedule): Cron {
  const key = `${timeZone} ${cron}`
  const known = parsed.get(key)
  if (known) return known
  const made = new Cron(cron, { mode: '5-part', timezone: timeZone, fixedTimeRule: 'no-wildcard', paused: true })
  if (parsed.size >= parsedAtMost) parsed.clear()
  parsed.set(key, made)
  return made
}

/** The first run after an instant; undefined when none comes any more. */
export function nextRun(schedule: Schedule, after: Date): Date | undefined {
  return parse(schedule).nextRun(after) ?? undefined
}

/** The last run before an instant. */
export function previousRun(schedule: Schedule, before: Date): Date | undefined {
  return parse(schedule).previousRuns(1, before)[0]
}

/** The runs after `from` up to and with `to`, lazily. */
export function* runsBetween(schedule: Schedule, from: Date, to: Date): Generator<Date> {
  for (let run = nextRun(schedule, from); run && run <= to; run = nextRun(schedule, run)) yield run
}

/** `?` would stand for whenever the expression happens to be read. */
const fields = /^[0-9A-Za-z*,/#-]+(?: +[0-9A-Za-z*,/#-]+){4}$/

export const CronExpression = z
  .string()
  .max(200)
  .superRefine((cron, context) => {
    const problem = cronProblem(cron)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

function cronProblem(cron: string): string | undefined {
  if (!fields.test(cron)) return 'a schedule has five fields: minute hour day-of-month month day-of-week'
  try {
    return parse({ cron, timeZone: defaultTimeZone }).nextRun() ? undefined : 'no such moment ever comes'
  } catch (error) {
    return `not a schedule: ${(error as Error).message.replace(/^CronPattern: /, '')}`
  }
}

export const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'a time zone is a name such as Europe/Berlin')
  .refine(isTimeZone, 'no such time zone is known; use a name such as Europe/Berlin')

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false // RangeError: it has no other way to say so
  }
}
