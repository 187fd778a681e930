import { Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { formatBytes } from '../shared/amount.ts'
import { RetentionPreview, RetentionResponse } from '../shared/api/retention.ts'
import { Failure } from '../shared/failure.ts'
import type { Retention } from '../shared/retention.ts'
import type { AdminReceiver } from './receiver.ts'
import { sourcesOf } from './sources.ts'
import { type Common, perform, table, verb } from './verb.ts'

interface Options extends Common {
  minimumDays?: number
  daily?: number
  weekly?: number
  monthly?: number
  yearly?: number
  tenantPolicy?: boolean
}

type Preview = z.output<typeof RetentionPreview>

export function retention(): Command {
  return new Command('retention')
    .description('how long snapshots are kept')
    .helpOption('-h, --help', 'this help')
    .addCommand(set())
    .addCommand(show())
    .addCommand(preview())
}

function set(): Command {
  return verb(
    'set',
    'Sets how long the snapshots of a customer, or of one source, are kept. What is not named stays as it is.',
    'failsafe-admin retention set acme --minimum-days 30 --daily 14 --weekly 8 --monthly 12 --yearly 7',
  )
    .argument('<tenant>', 'its id')
    .argument('[source]', 'name or id of a source that has a policy of its own')
    .option('--minimum-days <n>', 'everything is kept, and locked, for so many days', count)
    .option('--daily <days>', 'beyond that: the first full and the last of each day, so many days back; 0: none', count)
    .option('--weekly <weeks>', 'the same of each ISO week', count)
    .option('--monthly <months>', 'the same of each month', count)
    .option('--yearly <years>', 'the same of each year', count)
    .option('--tenant-policy', "take the source's own policy away: the customer's counts")
    .action((tenant: string, source: string | undefined, options: Options) =>
      perform(options, async receiver => {
        const target = await targetOf(receiver, tenant, source)
        if (options.tenantPolicy) {
          if (source === undefined || Object.values(wishOf(options)).some(value => value !== undefined))
            throw new Failure('usage', '--tenant-policy wants a source, and nothing else to set')
          return outcome(await receiver.call('DELETE', target, RetentionResponse))
        }
        const { minimumDays, ...wished } = wishOf(options)
        const before = (await receiver.call('GET', `${target}${onlyPolicy}`, RetentionResponse)).retention
        const keep = Object.fromEntries(Object.entries(wished).filter(([, value]) => value !== undefined))
        if (minimumDays === undefined && Object.keys(keep).length === 0)
          throw new Failure('usage', 'There is nothing to set', { fix: 'Give --minimum-days, --daily, --weekly …' })
        const request: Retention = {
          minimumDays: minimumDays ?? before.minimumDays,
          keep: { ...before.keep, ...keep },
        }
        return outcome(await receiver.call('PUT', target, RetentionResponse, request))
      }),
    )
}

function wishOf({ minimumDays, daily, weekly, monthly, yearly }: Options) {
  return { minimumDays, dailyDays: daily, weeklyWeeks: weekly, monthlyMonths: monthly, yearlyYears: yearly }
}

function show(): Command {
  return verb('show', 'Shows how long snapshots are kept.', 'failsafe-admin retention show acme')
    .argument('<tenant>', 'its id')
    .argument('[source]', 'name or id of a source')
    .action((tenant: string, source: string | undefined, options: Common) =>
      perform(options, async receiver =>
        outcome(
          await receiver.call('GET', `${await targetOf(receiver, tenant, source)}${onlyPolicy}`, RetentionResponse),
        ),
      ),
    )
}

function preview(): Command {
  return verb(
    'preview',
    'Shows what is kept of a source and why, and what goes when. Changes nothing.',
    'failsafe-admin retention preview acme/shop',
  )
    .argument('<tenant/source>', "the customer's id and the source's name or id")
    .action((place: string, options: Common) =>
      perform(options, async receiver => {
        const at = place.indexOf('/')
        if (at < 1 || at === place.length - 1)
          throw new Failure('usage', `${JSON.stringify(place)} is not a source`, { fix: 'Write it as acme/shop' })
        const [tenant, wanted] = [place.slice(0, at), place.slice(at + 1)]
        const target = await targetOf(receiver, tenant, wanted)
        const whole = await receiver.call('GET', target, RetentionPreview)
        for (let { next } = whole; next !== null; ) {
          const page = await receiver.call('GET', `${target}?after=${next}`, RetentionPreview)
          whole.snapshots.push(...page.snapshots)
          next = page.next
        }
        return { json: { ...whole, next: null }, lines: describe(whole) }
      }),
    )
}

function describe({ snapshots, totals, paused }: Preview): string[] {
  const rows = snapshots.map(each => [
    each.receivedAt,
    each.kind,
    formatBytes(each.bytes),
    each.snapshot,
    fate(each, paused),
  ])
  return [
    ...table([['received', 'kind', 'bytes', 'snapshot', 'kept'], ...rows]),
    '',
    ...table(
      (['kept', 'needed', 'going'] as const).map(what => [
        what,
        `${totals[what].snapshots}`,
        formatBytes(totals[what].bytes),
      ]),
    ),
  ]
}

function fate({ rules, neededBy, goesOn }: Preview['snapshots'][number], paused: boolean): string {
  if (rules.length > 0) return rules.join(', ')
  if (neededBy !== null) return `needed by ${neededBy}`
  return paused ? 'goes when the tenant is resumed' : `goes on ${goesOn}`
}

function outcome(found: z.output<typeof RetentionResponse>) {
  const { minimumDays, keep } = found.retention
  const rule = (reach: number, period: string) =>
    reach === 0 ? 'none' : `first and last full of each ${period}, ${reach} back`
  return {
    json: found,
    lines: table([
      ['minimum age', `${minimumDays} days`],
      ['daily', rule(keep.dailyDays, 'day')],
      ['weekly', rule(keep.weeklyWeeks, 'week')],
      ['monthly', rule(keep.monthlyMonths, 'month')],
      ['yearly', rule(keep.yearlyYears, 'year')],
      ...(found.own ? [] : [['set for', 'the customer; this source has no policy of its own']]),
    ]),
  }
}

const tenantTarget = (tenant: string) => `/v1/admin/tenants/${encodeURIComponent(tenant)}`
const sourceTarget = (tenant: string, source: string) => `${tenantTarget(tenant)}/sources/${encodeURIComponent(source)}`

/** Of a source the call answers with its snapshots too. */
const onlyPolicy = '?limit=1'

async function targetOf(receiver: AdminReceiver, tenant: string, source: string | undefined): Promise<string> {
  if (source === undefined) return `${tenantTarget(tenant)}/retention`
  return `${sourceTarget(tenant, await idOf(receiver, tenant, source))}/retention`
}

/** A source by its id, or by a name that only one agent of the tenant uses. */
async function idOf(receiver: AdminReceiver, tenant: string, wanted: string): Promise<string> {
  const sources = await sourcesOf(receiver, { tenant })
  const byId = sources.find(({ source }) => source === wanted)
  const byName = sources.filter(({ name }) => name === wanted)
  if (byId) return byId.source
  if (byName.length === 1) return byName[0]!.source
  const ids = byName.map(({ source, agentName }) => `${source} (${agentName})`).join(', ')
  throw byName.length === 0
    ? new Failure('not-found', `Tenant ${tenant} has no source ${wanted}`, {
        fix: `See: failsafe-admin sources --tenant ${tenant}`,
      })
    : new Failure('usage', `${byName.length} hosts of ${tenant} have a source ${wanted}`, {
        fix: `Give its id: ${ids}`,
      })
}

function count(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number.')
}
