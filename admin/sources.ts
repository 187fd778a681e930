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
    .option('--overdue', 'only what is late, missed, failing, or on a host that is silent')
    .action(({ tenant, overdue, ...options }: { tenant?: string; overdue?: true }) =>
      perform(options, async receiver => {
        const query = new URLSearchParams({
          ...(tenant === undefined ? {} : { tenant }),
          ...(overdue ? { overdue: 'true' } : {}),
        })
        const answer = await receiver.call('GET', `/v1/admin/sources?${query}`, AdminSourcesResponse)
        const rows = answer.sources.map(each => [
          each.tenant,
          each.name,
          each.engine,
          each.lastReceivedAt ?? 'never',
          each.lastSeen ?? 'never',
          each.nextExpected ?? '-',
          each.agentName,
          each.source,
          each.open.map(({ kind, mode, since }) => `${kind}${mode ? ` (${mode})` : ''} since ${since}`).join(', ') ||
            '-',
        ])
        const heads = ['tenant', 'source', 'engine', 'last snapshot', 'agent seen', 'expected', 'host', 'id', 'open']
        return { json: answer, lines: table([heads, ...rows]) }
      }),
    )
}
