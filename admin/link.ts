import type { Command } from 'commander'
import type { z } from 'zod'
import type { AdminLinkRequest } from '../shared/api/admin.ts'
import { LinkResponse } from '../shared/api/agent.ts'
import { Failure } from '../shared/failure.ts'
import { type Common, duration, perform, verb, wholeNumber } from './verb.ts'

interface Options extends Common {
  expires: number
  uses?: number
  passcode?: string
  snapshot?: string[]
  unit?: string[]
  since?: string
  until?: string
  fromAddress?: string[]
}

export function link(): Command {
  return verb(
    'link',
    'Prints a restore link for a source of a customer.',
    'failsafe-admin link acme/shop --expires 7d --uses 3 --from-address 192.0.2.0/24',
  )
    .argument('<tenant/source>', "the customer's id and the source's name or id")
    .option('--expires <time>', 'how long it is good for, 90d at most', duration, 86_400)
    .option('--uses <n>', 'how many restores it allows; no limit if left out', wholeNumber)
    .option('--passcode <code>', 'ask for this passcode too')
    .option('--snapshot <id>', 'allow this snapshot only (several times: these)', append)
    .option('--unit <name>', 'allow this database (unit) only (several times: these)', append)
    .option('--since <time>', 'allow no moment before this, such as 2026-11-05T14:10:00+01:00')
    .option('--until <time>', 'allow no moment after this')
    .option('--from-address <address>', 'allow it from this address or block only (several times: these)', append)
    .action((place: string, options: Options) =>
      perform(options, async receiver => {
        const made = await receiver.call('POST', '/v1/admin/links', LinkResponse, requestOf(place, options))
        process.stderr.write(
          `Good until ${made.expiresAt}; to open what it gives takes the customer's recovery kit.\n` +
            `It ends before that with: failsafe-admin links ${place.slice(0, place.indexOf('/'))} --revoke ${made.name}\n`,
        )
        return { json: made, lines: [made.url] }
      }),
    )
}

function requestOf(place: string, options: Options): z.input<typeof AdminLinkRequest> {
  const { expires, uses, passcode, snapshot, unit, since, until, fromAddress } = options
  const at = place.indexOf('/')
  if (at < 1 || at === place.length - 1)
    throw new Failure('usage', `${JSON.stringify(place)} is not a source`, { fix: 'Write it as acme/shop' })
  return {
    tenant: place.slice(0, at),
    source: place.slice(at + 1),
    expiresSeconds: expires,
    ...(uses === undefined ? {} : { uses }),
    ...(passcode === undefined ? {} : { passcode }),
    ...(snapshot === undefined ? {} : { snapshots: snapshot }),
    ...(unit === undefined ? {} : { units: unit }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(fromAddress === undefined ? {} : { addresses: fromAddress }),
  }
}

/** For an option that may be given several times. */
function append(value: string, before: string[] = []): string[] {
  return [...before, value]
}
