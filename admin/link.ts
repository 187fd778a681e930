import type { Command } from 'commander'
import type { z } from 'zod'
import type { AdminLinkRequest } from '../shared/api/admin.ts'
import { LinkResponse } from '../shared/api/agent.ts'
import { Failure } from '../shared/failure.ts'
import { duration, perform, verb, wholeNumber } from './verb.ts'

interface Options {
  expires: number
  uses?: number
  passcode?: string
  snapshot?: string
}

export function link(): Command {
  return verb(
    'link',
    'Prints a restore link for a source of a customer.',
    'failsafe-admin link acme/shop --expires 7d --uses 3',
  )
    .argument('<tenant/source>', "the customer's id and the source's name or id")
    .option('--expires <time>', 'how long it is good for, 90d at most', duration, 86_400)
    .option('--uses <n>', 'how many restores it allows', wholeNumber)
    .option('--passcode <code>', 'ask for this passcode too')
    .option('--snapshot <id>', 'allow this snapshot only')
    .action((place: string, { expires, uses, passcode, snapshot, ...options }: Options) =>
      perform(options, async receiver => {
        const at = place.indexOf('/')
        if (at < 1 || at === place.length - 1)
          throw new Failure('usage', `${JSON.stringify(place)} is not a source`, { fix: 'Write it as acme/shop' })
        const request: z.input<typeof AdminLinkRequest> = {
          tenant: place.slice(0, at),
          source: place.slice(at + 1),
          expiresSeconds: expires,
          ...(uses === undefined ? {} : { uses }),
          ...(passcode === undefined ? {} : { passcode }),
          ...(snapshot === undefined ? {} : { snapshot }),
        }
        const made = await receiver.call('POST', '/v1/admin/links', LinkResponse, request)
        process.stderr.write(`Good until ${made.expiresAt}; to open what it gives takes the customer's recovery kit.\n`)
        return { json: made, lines: [made.url] }
      }),
    )
}
