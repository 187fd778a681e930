import type { Command } from 'commander'
import type { z } from 'zod'
import { NoticesResponse } from '../shared/api/notices.ts'
import { pagesOf } from './pages.ts'
import { perform, table, verb } from './verb.ts'

type Answer = z.output<typeof NoticesResponse>

export function notices(): Command {
  return verb(
    'notices',
    'Shows what is wrong now, and what you were told last.',
    'failsafe-admin notices --tenant acme',
  )
    .option('--tenant <tenant>', 'only of this customer')
    .action(({ tenant, ...options }: { tenant?: string }) =>
      perform(options, async receiver => {
        const conditions: Answer['conditions'] = []
        const notices: Answer['notices'] = []
        for await (const page of pagesOf(receiver, '/v1/admin/notices', NoticesResponse, { tenant })) {
          conditions.push(...page.conditions)
          notices.push(...page.notices)
        }
        conditions.sort((a, b) => (a.since < b.since ? 1 : -1))
        const open = conditions.map(each => [
          each.since,
          each.severity,
          each.kind,
          each.tenant ?? '-',
          each.subject.name,
          each.text,
        ])
        const last = notices.map(each => [
          each.at,
          each.waiting ? `${each.state} (on its way)` : each.state,
          each.kind,
          each.tenant ?? '-',
          each.subject.name,
          each.text,
        ])
        return {
          json: { conditions, notices },
          lines: [
            ...(open.length === 0
              ? ['Nothing is open.']
              : table([['open since', 'severity', 'kind', 'tenant', 'of', 'what'], ...open])),
            '',
            ...table([['told at', 'state', 'kind', 'tenant', 'of', 'what'], ...last]),
          ],
        }
      }),
    )
}
