import { z } from 'zod'

/** What a provider may set with `cdk deploy -c name=value` or under `context` in cdk.json. */
export const Settings = z
  .strictObject({
    /** Agents bind every signed request to it. Set it when a receiver is rebuilt over its old vault and catalogue. */
    receiverId: z
      .string()
      .regex(/^[A-Za-z0-9-]{4,64}$/, 'use 4 to 64 letters, digits and hyphens')
      .optional(),
    receiverName: z.string().min(1).max(64).default('FailSafe Online Backup'),
    /** COMPLIANCE: not even the account's owner can shorten a lock. */
    lockMode: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
    /** Days that a committed snapshot is kept at least, for tenants without their own. */
    minimumDays: z.coerce.number().int().min(1).max(36_500).default(30),
    /** US dollars that the cloud asks for a gigabyte sent to the Internet; restores are estimated with it. */
    egressPricePerGb: z.coerce.number().min(0).default(0.09),
    /** A name of the provider's own, e.g. backup.example.net, and the ACM certificate for it in the stack's region. */
    domain: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a host name such as backup.example.net')
      .optional(),
    certificateArn: z
      .string()
      .regex(/^arn:[a-z-]+:acm:/, 'the ARN of an ACM certificate')
      .optional(),
  })
  .refine(({ domain, certificateArn }) => (domain === undefined) === (certificateArn === undefined), {
    message: 'domain and certificateArn go together',
  })
export type Settings = z.infer<typeof Settings>

/** @param context reads one value, as `node.tryGetContext` does */
export function readSettings(context: (name: string) => unknown): Settings {
  const given = Object.keys(Settings.shape).map(name => [name, context(name)] as const)
  return Settings.parse(Object.fromEntries(given.filter(([, value]) => value !== undefined)))
}
