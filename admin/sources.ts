import type { Command } from 'commander'
import { AdminSourcesResponse } from '../shared/api/admin.ts'
import { perform, table, verb } from './verb.ts'

export function sources(): Command {
  return verb(
    'sources',
    'Lists what is protected, and since when the last snapshot is there.',
    'failsafe-admin sources --tenant acme',
  )
    .option('--tenant <tenant>', 'only of this customer')
    .action(({ tenant, ...options }: { tenant?: string }) =>
      perform(options, async receiver => {
        const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`
        const answer = await receiver.call('GET', `/v1/admin/sources${query}`, AdminSourcesResponse)
        const rows = answer.sources.map(each => [
          each.tenant,
          each.name,
          each.engine,
          each.lastReceivedAt ?? 'never',
          each.lastSeen ?? 'never',
          each.agentName,
          each.source,
        ])
        const heads = ['tenant', 'source', 'engine', 'last snapshot', 'agent seen', 'host', 'id']
        return { json: answer, lines: table([heads, ...rows]) }
      }),
    )
}
