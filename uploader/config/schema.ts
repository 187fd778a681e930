import { z } from 'zod'
import { Label } from '../../shared/ids.ts'
import { CronExpression, TimeZone } from '../../shared/schedule.ts'
import { EngineKind } from '../../shared/snapshot.ts'
import { noProxy, proxyProblem } from '../network/proxy.ts'
import { ReceiverUrl } from './address.ts'
import { Bytes, Duration } from './quantities.ts'
import { oneSecretAtMost, oneSecretMessage, SecretSource } from './secret.ts'

const Cron = z.string('write a cron expression in quotes').pipe(CronExpression)

/** The receiver takes no longer one. */
const longestJitter = 6 * 3600

/** When a source starts by itself. `jitter` is in seconds. */
export const Schedule = z.strictObject({
  full: Cron.optional(),
  differential: Cron.optional(),
  log: Cron.optional(),
  timeZone: TimeZone.optional(),
  jitter: Duration.refine(seconds => seconds <= longestJitter, 'at most 6h').optional(),
  catchUp: z.boolean().optional(),
})
export type Schedule = z.output<typeof Schedule>

/** What every source has; the rest of its entry belongs to its engine, whose own schema reads it. */
export const SourceEntry = z.looseObject({
  engine: EngineKind,
  schedule: Schedule.optional(),
  maxHold: Duration.optional(),
})

const ProxyUrl = z.string('write an address such as http://proxy.example.net:3128').superRefine((text, context) => {
  const problem = text === noProxy ? undefined : (proxyProblem(text) ?? secretIn(text))
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

function secretIn(address: string): string | undefined {
  const { username, password } = new URL(address)
  if (username === '' && password === '') return undefined
  return 'its user belongs under user, and the password into a file that passwordFile names'
}

/** An address alone is an entry with nothing else. */
const ProxyEntry = z.preprocess(
  value => (typeof value === 'string' ? { url: value } : value),
  z
    .strictObject({
      url: ProxyUrl,
      user: z.string().min(1).optional(),
      ...SecretSource.shape,
      except: z.array(z.string().min(1)).optional(),
    })
    .refine(oneSecretAtMost, oneSecretMessage),
)

/** A program and its arguments; no shell reads them. */
const Command = z.array(z.string().min(1), 'write a list, such as ["/usr/local/bin/tell", "--loud"]').min(1).max(100)

/** `failsafe.yaml`. Sizes come out in bytes, times in seconds. */
export const ConfigSchema = z.strictObject({
  receiver: ReceiverUrl.optional(),
  state: z.strictObject({ dir: z.string().min(1).optional() }).optional(),
  staging: z.strictObject({ dir: z.string().min(1).optional(), maxBytes: Bytes.optional() }).optional(),
  upload: z
    .strictObject({
      concurrency: z.number().int().min(1).max(64).optional(),
      maxBytesPerSecond: Bytes.refine(rate => rate >= 64 * 2 ** 10, 'less than 64KiB would let connections die')
        .nullable()
        .optional(),
    })
    .optional(),
  network: z
    .strictObject({
      proxy: ProxyEntry.optional(),
      caFile: z.string().min(1).optional(),
    })
    .optional(),
  nice: z.number().int().min(0).max(19).optional(),
  log: z
    .strictObject({
      dir: z.string().min(1).optional(),
      maxBytes: Bytes.optional(),
      keep: z.number().int().min(1).max(100).optional(),
    })
    .optional(),
  hooks: z.strictObject({ success: Command.optional(), failure: Command.optional() }).optional(),
  sources: z.record(Label, SourceEntry).optional(),
})
