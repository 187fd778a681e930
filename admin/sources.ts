import type { Command } from 'commander'
import type { z } from 'zod'
import { AdminSourcesResponse } from '../shared/api/admin.ts'
import { pagesOf } from './pages.ts'
import type { AdminReceiver } from './receiver.ts'
import { perform, table, verb } from './verb.ts'

type Source = z.output<typeof AdminSourcesResponse>['sources'][number]

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
        const sources = await sourcesOf(receiver, { tenant, overdue: overdue && 'true' })
        const rows = sources.map(each => [
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
        return { json: { sources }, lines: table([heads, ...rows]) }
      }),
    )
}

export async function sourcesOf(
  receiver: AdminReceiver,
  wanted: { tenant?: string | undefined; overdue?: 'true' | undefined },
): Promise<Source[]> {
  const sources: Source[] = []
  for await (const page of pagesOf(receiver, '/v1/admin/sources', AdminSourcesResponse, wanted))
    sources.push(...page.sources)
  return sources
}
