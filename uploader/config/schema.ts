import { Cron } from 'croner'
import { z } from 'zod'
import { Label } from '../../shared/ids.ts'
import { EngineKind } from '../../shared/snapshot.ts'
import { ReceiverUrl } from './address.ts'
import { Bytes, Duration } from './quantities.ts'

const CronExpression = z.string('write a cron expression in quotes').superRefine((expression, context) => {
  try {
    new Cron(expression, { paused: true, mode: '5-part' })
  } catch {
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(expression)} is not a cron expression, write one such as "0 2 * * *"`,
    })
  }
})

const TimeZone = z.string().superRefine((timeZone, context) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(timeZone)} is not a time zone, write one such as Europe/Berlin`,
    })
  }
})

/** When a source starts by itself. `jitter` is in seconds. */
export const Schedule = z.strictObject({
  full: CronExpression.optional(),
  differential: CronExpression.optional(),
  log: CronExpression.optional(),
  timeZone: TimeZone.optional(),
  jitter: Duration.optional(),
  catchUp: z.boolean().optional(),
})
export type Schedule = z.output<typeof Schedule>

/** What every source has; the rest of its entry belongs to its engine, whose own schema reads it. */
export const SourceEntry = z.looseObject({ engine: EngineKind, schedule: Schedule.optional() })

/** `failsafe.yaml`. Sizes come out in bytes, times in seconds. */
export const ConfigSchema = z.strictObject({
  receiver: ReceiverUrl.optional(),
  state: z.strictObject({ dir: z.string().min(1).optional() }).optional(),
  staging: z.strictObject({ dir: z.string().min(1).optional(), maxBytes: Bytes.optional() }).optional(),
  upload: z
    .strictObject({
      concurrency: z.number().int().min(1).max(64).optional(),
      maxBytesPerSecond: z.null('this version has no rate limit yet; leave it out or null').optional(),
    })
    .optional(),
  sources: z.record(Label, SourceEntry).optional(),
})
