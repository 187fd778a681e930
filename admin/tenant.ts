import { Command } from 'commander'
import type { z } from 'zod'
import { type ReasonRequest, type TenantRequest, TenantResponse, TenantsResponse } from '../shared/api/admin.ts'
import { pagesOf } from './pages.ts'
import { amount } from './quota.ts'
import { type Common, perform, table, verb, wholeNumber } from './verb.ts'

type Tenant = z.output<typeof TenantResponse>

export function tenant(): Command {
  const command = new Command('tenant')
    .description('the customers of this receiver')
    .helpOption('-h, --help', 'this help')
  return command.addCommand(create()).addCommand(list()).addCommand(show()).addCommand(suspend()).addCommand(resume())
}

interface Creation extends Common {
  name?: string
  minimumDays?: number
  soft?: number | null
  hard?: number | null
}

function create(): Command {
  return verb('create', 'Adds a customer.', 'failsafe-admin tenant create acme --name "Acme Ltd" --minimum-days 30')
    .argument('<tenant>', 'id: a-z, 0-9 and inner hyphens')
    .option('--name <name>', 'what people call it; the id if left out')
    .option('--minimum-days <n>', 'least time that a snapshot is locked; the receiver has a default', wholeNumber)
    .option('--soft <bytes>', 'above it you are told, e.g. 500GB', amount)
    .option('--hard <bytes>', 'above it uploads are refused; needed where locks are in compliance mode', amount)
    .action((id: string, options: Creation) =>
      perform(options, async receiver => {
        const request: z.input<typeof TenantRequest> = {
          tenant: id,
          name: options.name ?? id,
          ...(options.minimumDays === undefined ? {} : { minimumDays: options.minimumDays }),
          ...(options.soft == null ? {} : { softBytes: options.soft }),
          ...(options.hard == null ? {} : { hardBytes: options.hard }),
        }
        const made = await receiver.call('POST', '/v1/admin/tenants', TenantResponse, request)
        return { json: made, lines: [`Tenant ${made.tenant} (${made.name}) was created.`] }
      }),
    )
}

function list(): Command {
  return verb('list', 'Lists all customers.', 'failsafe-admin tenant list').action((options: Common) =>
    perform(options, async receiver => {
      const tenants: Tenant[] = []
      for await (const page of pagesOf(receiver, '/v1/admin/tenants', TenantsResponse)) tenants.push(...page.tenants)
      const rows = tenants.map(each => [each.tenant, each.state, `${each.minimumDays}`, each.createdAt, each.name])
      return { json: { tenants }, lines: table([['tenant', 'state', 'days', 'since', 'name'], ...rows]) }
    }),
  )
}

function show(): Command {
  return verb('show', 'Shows one customer.', 'failsafe-admin tenant show acme')
    .argument('<tenant>', 'its id')
    .action((id: string, options: Common) =>
      perform(options, async receiver => {
        const found = await receiver.call('GET', `/v1/admin/tenants/${encodeURIComponent(id)}`, TenantResponse)
        return { json: found, lines: describe(found) }
      }),
    )
}

function suspend(): Command {
  return verb(
    'suspend',
    'Refuses the agents and links of a customer until it is resumed. Nothing is deleted meanwhile.',
    'failsafe-admin tenant suspend acme --reason "invoice 2026-118"',
  )
    .argument('<tenant>', 'its id')
    .option('--reason <text>', 'for the audit')
    .action((id: string, options: Common & { reason?: string }) => changeState(id, 'suspend', options))
}

function resume(): Command {
  return verb('resume', 'Lets a suspended customer in again.', 'failsafe-admin tenant resume acme')
    .argument('<tenant>', 'its id')
    .option('--reason <text>', 'for the audit')
    .action((id: string, options: Common & { reason?: string }) => changeState(id, 'resume', options))
}

function changeState(id: string, what: 'suspend' | 'resume', { reason, ...options }: Common & { reason?: string }) {
  return perform(options, async receiver => {
    const request: z.input<typeof ReasonRequest> = reason === undefined ? {} : { reason }
    const target = `/v1/admin/tenants/${encodeURIComponent(id)}/${what}`
    const { tenant, state, ...rest } = await receiver.call('POST', target, TenantResponse, request)
    return { json: { tenant, state, ...rest }, lines: [`Tenant ${tenant} is ${state}.`] }
  })
}

function describe({ tenant: id, name, state, suspended, createdAt, minimumDays }: Tenant): string[] {
  return table([
    ['tenant', id],
    ['name', name],
    [
      'state',
      suspended ? `${state} since ${suspended.at}${suspended.reason === null ? '' : `: ${suspended.reason}`}` : state,
    ],
    ['since', createdAt],
    ['locked for', `${minimumDays} days at least`],
  ])
}
