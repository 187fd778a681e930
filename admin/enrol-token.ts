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
    .option('--replaces <agent>', 'the new host takes the place of this agent: it gets its sources and snapshots')
    .action((tenant: string, { expires, replaces, ...options }: { expires: number; replaces?: string }) =>
      perform(options, async receiver => {
        const request: z.input<typeof EnrolTokenRequest> = {
          expiresSeconds: expires,
          ...(replaces === undefined ? {} : { replaces }),
        }
        const target = `/v1/admin/tenants/${encodeURIComponent(tenant)}/enrol-tokens`
        const made = await receiver.call('POST', target, EnrolTokenResponse, request)
        process.stderr.write(
          `On the customer's server, until ${made.expiresAt}: failsafe enrol '<what follows>' --recovery-kit FILE\n`,
        )
        if (replaces !== undefined)
          process.stderr.write(`${replaces} is revoked at the moment that the token is used.\n`)
        return { json: made, lines: [made.enrol] }
      }),
    )
}
