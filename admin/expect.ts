import { type Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { type ExpectationRequest, ExpectationResponse } from '../shared/api/notices.ts'
import { Failure } from '../shared/failure.ts'
import { type Common, perform, verb } from './verb.ts'

interface Options extends Common {
  every?: Every
}

type Every = { everyHours: number | null } | "tenant's"

export function expect(): Command {
  return verb(
    'expect',
    'Sets how often a customer, or one source, must back up at least, whatever its host schedules.',
    'failsafe-admin expect acme --every 24h',
  )
    .argument('<tenant[/source]>', "the customer's id, and the source's id")
    .option(
      '--every <time>',
      "such as 24h or 7d; none: nothing but its schedule; tenant: as for the customer's others",
      every,
    )
    .action((place: string, { every, ...options }: Options) =>
      perform(options, async receiver => {
        if (every === undefined)
          throw new Failure('usage', 'There is nothing to set', { fix: 'Give --every, such as --every 24h' })
        const [tenant, source] = place.split('/', 2).map(encodeURIComponent)
        if (source === undefined && every === "tenant's")
          throw new Failure('usage', `${place} is no source`, { fix: 'Write it as acme/SOURCE' })
        const target = `/v1/admin/tenants/${tenant}${source === undefined ? '' : `/sources/${source}`}/expectation`
        const request: z.input<typeof ExpectationRequest> | undefined = every === "tenant's" ? undefined : every
        const method = request === undefined ? 'DELETE' : 'PUT'
        const made = await receiver.call(method, target, ExpectationResponse, request)
        return { json: made, lines: [describe(place, made)] }
      }),
    )
}

function describe(place: string, { everyHours, own }: z.output<typeof ExpectationResponse>): string {
  const what = everyHours === null ? 'only what its host schedules' : `a snapshot at least every ${everyHours} hours`
  return `Expected of ${place}: ${what}${own ? '' : ', as of all sources of the customer'}.`
}

/** Whole hours in `24h` or `7d`, for commander. */
function every(text: string): Every {
  if (text === 'none') return { everyHours: null }
  if (text === 'tenant') return "tenant's"
  const [, number, unit] = /^([1-9]\d{0,3})([hd])$/.exec(text) ?? []
  if (unit === undefined) throw new InvalidArgumentError('Give a time such as 24h or 7d, none, or tenant.')
  return { everyHours: Number(number) * (unit === 'd' ? 24 : 1) }
}
