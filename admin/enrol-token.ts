import type { Command } from 'commander'
import type { z } from 'zod'
import { type EnrolTokenRequest, EnrolTokenResponse } from '../shared/api/admin.ts'
import { duration, perform, verb } from './verb.ts'

export function enrolToken(): Command {
  return verb(
    'enrol-token',
    'Makes a token with which one host of a customer can enrol, once.',
    'failsafe-admin enrol-token acme --expires 1h',
  )
    .argument('<tenant>', 'its id')
    .option('--expires <time>', 'how long it is good for, 7d at most', duration, 600)
    .action((tenant: string, { expires, ...options }: { expires: number }) =>
      perform(options, async receiver => {
        const request: z.input<typeof EnrolTokenRequest> = { expiresSeconds: expires }
        const target = `/v1/admin/tenants/${encodeURIComponent(tenant)}/enrol-tokens`
        const made = await receiver.call('POST', target, EnrolTokenResponse, request)
        process.stderr.write(
          `On the customer's server, until ${made.expiresAt}: failsafe enrol '<what follows>' --recovery-kit FILE\n`,
        )
        return { json: made, lines: [made.enrol] }
      }),
    )
}
