import type { Command } from 'commander'
import type { z } from 'zod'
import { AuditResponse } from '../shared/api/audit.ts'
import { month } from './usage.ts'
import { type Common, perform, table, verb } from './verb.ts'

type Entry = z.output<typeof AuditResponse>['entries'][number]

export function audit(): Command {
  return verb('audit', 'Shows who did what for a customer, newest first.', 'failsafe-admin audit acme --month 2026-11')
    .argument('[tenant]', "its id; the receiver's own acts if left out")
    .option('--month <month>', 'such as 2026-11; this month if left out', month)
    .action((tenant: string | undefined, { month, ...options }: Common & { month?: string }) =>
      perform(options, async receiver => {
        const entries: Entry[] = []
        let before: string | null = null
        do {
          const query = new URLSearchParams({
            ...(month === undefined ? {} : { month }),
            ...(before === null ? {} : { before }),
          })
          const owner = tenant === undefined ? '' : `/tenants/${encodeURIComponent(tenant)}`
          const target = `/v1/admin${owner}/audit?${query}`
          const page: z.output<typeof AuditResponse> = await receiver.call('GET', target, AuditResponse)
          entries.push(...page.entries)
          before = page.next
        } while (before !== null)
        const rows = entries.map(({ at, actor, action, target, detail }) => [
          at,
          action,
          target,
          actor,
          detail === undefined ? '' : JSON.stringify(detail),
        ])
        return {
          json: { tenant: tenant ?? null, entries },
          lines: table([['at', 'act', 'of', 'by', 'detail'], ...rows]),
        }
      }),
    )
}
