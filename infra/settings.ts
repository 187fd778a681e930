import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { z } from 'zod'
import { Failure } from '../shared/failure.ts'

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
/** `-c name=true` gives a text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')])
const logRetentionDays = Object.values(RetentionDays).filter(
  (days): days is number => typeof days === 'number' && days !== RetentionDays.INFINITE,
)

/** What a provider may set with `cdk deploy -c name=value` or under `context` in cdk.json. */
export const Settings = z
  .strictObject({
    /** Tells several receivers in one account apart: it becomes part of the stack's name. */
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, 'use up to 20 lower-case letters, digits and hyphens, a letter first')
      .optional(),
    /** Where it is deployed; left out, where the AWS credentials point. */
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-central-1')
      .optional(),
    /** Agents bind every signed request to it. Set it when a receiver is rebuilt over its old vault and catalogue. */
    receiverId: z
      .string()
      .regex(/^[A-Za-z0-9-]{4,64}$/, 'use 4 to 64 letters, digits and hyphens')
      .optional(),
    receiverName: z.string().min(1).max(64).default('FailSafe Online Backup'),
    /** On the restore page: the provider's name (left out, `receiverName`), and who is asked for help or a new link, e.g. a telephone number. */
    providerName: z.string().min(1).max(64).optional(),
    providerContact: z.string().min(1).max(200).optional(),
    /** Path of an SVG or PNG of at most 50 KB, from where cdk.json is. */
    providerLogo: z.string().min(1).optional(),
    brandColour: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, 'a colour such as #0b5cad')
      .optional(),
    /** A name of the provider's own, e.g. backup.example.net, and the ACM certificate for it in the stack's region. */
    domain: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a host name such as backup.example.net')
      .optional(),
    certificateArn: z
      .string()
      .regex(/^arn:[a-z-]+:acm:/, 'the ARN of an ACM certificate')
      .optional(),
    /** Where webhooks may lead; `any`: also to addresses that only the receiver's own network knows. */
    webhookAddresses: z.enum(['public', 'any']).default('public'),
    /** Gets notices and alarms by mail, once its owner has confirmed the subscription. */
    alertAddress: z.email('a mail address such as alerts@example.net').optional(),

    /** COMPLIANCE: not even the account's owner can shorten a lock. */
    lockMode: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
    /** Days that a committed snapshot is kept at least, for tenants without their own. The next four are what they get beyond that. */
    minimumDays: whole(1, 36_500).default(30),
    keepDailyDays: whole(0, 36_500).default(0),
    keepWeeklyWeeks: whole(0, 5200).default(0),
    keepMonthlyMonths: whole(0, 1200).default(0),
    keepYearlyYears: whole(0, 100).default(0),
    /** A key of the provider's own for the vault. Who deletes it defeats every lock. */
    kmsKeyArn: z
      .string()
      .regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]{36}$/, 'the ARN of a KMS key (not of an alias)')
      .optional(),

    /** Requests that one agent may make in a minute. */
    requestsPerMinute: whole(10, 1_000_000).default(1200),
    /** GiB that one agent may fetch in a day with its own key, for tenants without their own figure. */
    dailyDownloadGb: z.coerce.number().min(0).max(1_000_000).default(500),
    /** Requests a second, on average and at once, of all callers together; and of those who enrol, who have shown nothing yet. */
    throttleRate: whole(1, 10_000).default(500),
    throttleBurst: whole(1, 5000).default(1000),
    enrolmentRate: whole(1, 1000).default(5),
    enrolmentBurst: whole(1, 1000).default(20),
    /** US dollars that the cloud asks for a gigabyte sent to the Internet; restores are estimated with it. */
    egressPricePerGb: z.coerce.number().min(0).default(0.09),

    logRetentionDays: z.coerce
      .number()
      .refine(days => logRetentionDays.includes(days), `CloudWatch knows only ${logRetentionDays.join(', ')} days`)
      .default(RetentionDays.THREE_MONTHS),
    /** A new account may not reserve concurrency until AWS has raised its quota; false lets it start without. */
    reserveConcurrency: flag.default(true),
  })
  .refine(({ domain, certificateArn }) => (domain === undefined) === (certificateArn === undefined), {
    message: 'domain and certificateArn go together',
  })
  .refine(({ kmsKeyArn, region }) => !kmsKeyArn || !region || kmsKeyArn.split(':')[3] === region, {
    message: 'kmsKeyArn names a key of another region than the stack is in; a bucket can only use one of its own',
  })
export type Settings = z.infer<typeof Settings>

/**
 * @param context reads one value, as `node.tryGetContext` does
 * @throws Failure that names every setting that is wrong
 */
export function readSettings(context: (name: string) => unknown): Settings {
  const given = Object.keys(Settings.shape).map(name => [name, context(name)] as const)
  const read = Settings.safeParse(Object.fromEntries(given.filter(([, value]) => value !== undefined)))
  if (read.success) return read.data
  throw new Failure('settings-invalid', `The settings of the stack are wrong:\n${z.prettifyError(read.error)}`, {
    fix: 'Correct them in cdk.json, under "context", or after -c',
  })
}
