import type { Command } from 'commander'
import type { z } from 'zod'
import { AdminLinksResponse } from '../shared/api/admin.ts'
import { LinkRevokedResponse } from '../shared/api/agent.ts'
import { pagesOf } from './pages.ts'
import type { AdminReceiver } from './receiver.ts'
import { type Common, type Outcome, perform, table, verb } from './verb.ts'

type Link = z.output<typeof AdminLinksResponse>['links'][number]

export function links(): Command {
  return verb(
    'links',
    "Lists a customer's restore links, or ends one.",
    'failsafe-admin links acme --revoke x7Jb_9kQ2aZc',
  )
    .argument('<tenant>', "the customer's id")
    .option('--revoke <name>', 'end this one, with everything that was planned with it')
    .action((tenant: string, { revoke, ...options }: Common & { revoke?: string }) =>
      perform(options, receiver => (revoke === undefined ? list(receiver, tenant) : end(receiver, tenant, revoke))),
    )
}

async function end(receiver: AdminReceiver, tenant: string, name: string): Promise<Outcome> {
  const target = `/v1/admin/links/${encodeURIComponent(tenant)}/${encodeURIComponent(name)}`
  const ended = await receiver.call('DELETE', target, LinkRevokedResponse)
  return { json: ended, lines: [`Link ${ended.name} ended at ${ended.revokedAt}.`] }
}

async function list(receiver: AdminReceiver, tenant: string): Promise<Outcome> {
  const all: Link[] = []
  for await (const page of pagesOf(receiver, '/v1/admin/links', AdminLinksResponse, { tenant })) all.push(...page.links)
  const heads = ['name', 'source', 'state', 'expires', 'used', 'GB fetched', 'limited to', 'made by']
  const rows = all.map(link => [
    link.name,
    link.sourceName,
    stateOf(link),
    link.expiresAt,
    `${link.used} of ${link.uses ?? 'any'}`,
    (link.signedBytes / 1e9).toFixed(1),
    scopeOf(link).join(', ') || '-',
    link.agent ?? 'provider',
  ])
  return { json: { links: all }, lines: table([heads, ...rows]) }
}

function stateOf({ revokedAt, locked, uses, used }: Link): string {
  if (revokedAt !== null) return 'ended'
  if (locked) return 'locked'
  return uses !== null && used >= uses ? 'used up' : 'good'
}

function scopeOf({ snapshots, units, since, until, addresses, passcode }: Link): string[] {
  return [
    ...(snapshots ? [`${snapshots.length} snapshots`] : []),
    ...(units ? [`units ${units.join(' ')}`] : []),
    ...(since ? [`since ${since}`] : []),
    ...(until ? [`until ${until}`] : []),
    ...(addresses ? [`from ${addresses.join(' ')}`] : []),
    ...(passcode ? ['a passcode'] : []),
  ]
}
