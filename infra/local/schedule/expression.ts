import { Cron } from 'croner'

/** When a rule of EventBridge fires next. */
export interface Schedule {
  /** @returns undefined if never again */
  next(after: Date): Date | undefined
}

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * Reads `rate(15 minutes)` or `cron(0 6 ? * MON-FRI *)`. A rate is counted from 1970 and not from when the rule was made, so that a cloud
 * which is stopped and started again keeps its beat. Of cron's letters L, W and # are not known.
 * @throws Error for anything else
 */
export function readSchedule(expression: string): Schedule {
  const [, kind, inner = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? []
  if (kind === 'rate') return readRate(inner, expression)
  if (kind === 'cron') return readCron(inner, expression)
  throw new Error(`unknown form of schedule: ${expression}`)
}

function readRate(text: string, expression: string): Schedule {
  const [, digits, unit, plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(text) ?? []
  // AWS wants `1 minute` and `2 minutes`, and refuses `1 minutes`.
  if (digits === undefined || (digits === '1') !== (plural === ''))
    throw new Error(`unknown form of schedule: ${expression}`)
  const interval = Number(digits) * units[unit as keyof typeof units]
  return { next: after => new Date((Math.floor(after.getTime() / interval) + 1) * interval) }
}

function readCron(text: string, expression: string): Schedule {
  const fields = text.split(' ')
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields
  const readable = fields.length === 6 && fields.every(field => /^([\d*/,-]|[A-Z]{3})+$|^\?$/.test(field))
  // AWS wants a question mark for exactly one of the two days.
  if (!readable || [dayOfMonth, dayOfWeek].filter(day => day === '?').length !== 1)
    throw new Error(`unknown form of schedule: ${expression}`)
  const any = (field: string) => (field === '?' ? '*' : field)
  const pattern = [
    '0',
    stepped(minutes!, 59),
    stepped(hours!, 23),
    stepped(any(dayOfMonth!), 31),
    stepped(month!, 12),
    stepped(fromSunday(any(dayOfWeek!)), 6),
    stepped(year!, 2199),
  ].join(' ')
  const cron = new Cron(pattern, { timezone: 'UTC', paused: true, mode: '7-part' })
  return { next: after => cron.nextRun(after) ?? undefined }
}

/** `5/10` is every tenth from 5 on. */
function stepped(field: string, last: number): string {
  return field.replace(/^(\d+)\/(\d+)$/, `$1-${last}/$2`)
}

/** AWS counts the days of a week from 1, which is Sunday; cron from 0. */
function fromSunday(field: string): string {
  const [days, step] = field.split('/')
  const shifted = days!.replace(/\d+/g, day => String(Number(day) - 1))
  return step === undefined ? shifted : `${shifted}/${step}`
}
