import type { Command } from 'commander'
import { NoticesResponse } from '../shared/api/notices.ts'
import { perform, table, verb } from './verb.ts'

export function notices(): Command {
  return verb(
    'notices',
    'Shows what is wrong now, and what you were told last.',
    'failsafe-admin notices --tenant acme',
  )
    .option('--tenant <tenant>', 'only of this customer')
    .action(({ tenant, ...options }: { tenant?: string }) =>
      perform(options, async receiver => {
        const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`
        const answer = await receiver.call('GET', `/v1/admin/notices${query}`, NoticesResponse)
        const open = answer.conditions.map(each => [
          each.since,
          each.severity,
          each.kind,
          each.tenant ?? '-',
          each.subject.name,
          each.text,
        ])
        const last = answer.notices.map(each => [
          each.at,
          each.waiting ? `${each.state} (on its way)` : each.state,
          each.kind,
          each.tenant ?? '-',
          each.subject.name,
          each.text,
        ])
        return {
          json: answer,
          lines: [
            ...(open.length === 0
              ? ['Nothing is open.']
              : table([['open since', 'severity', 'kind', 'tenant', 'of', 'what'], ...open])),
            ...(answer.more ? ['There is more: ask by --tenant.'] : []),
            '',
            ...table([['told at', 'state', 'kind', 'tenant', 'of', 'what'], ...last]),
          ],
        }
      }),
    )
}
