import { type Command, InvalidArgumentError } from 'commander'
import { formatBytes } from '../shared/amount.ts'
import { UsageResponse, type UsageRow } from '../shared/api/usage.ts'
import { type BillLine, billCsv, byTenant, monthText } from '../shared/billing.ts'
import { pagesOf } from './pages.ts'
import type { AdminReceiver } from './receiver.ts'
import { type Common, perform, table, verb } from './verb.ts'

interface Options extends Common {
  month?: string
  tenant?: string
  sources?: boolean
  csv?: boolean
}

export function usage(): Command {
  return verb(
    'usage',
    'What each customer stored and moved in a month, as last measured: once a day.',
    'failsafe-admin usage --month 2026-11 --csv > november.csv',
  )
    .option('--month <month>', 'such as 2026-11; this month if left out', month)
    .option('--tenant <tenant>', 'only of this customer')
    .option('--sources', 'a line for each source instead of each customer')
    .option('--csv', 'for billing: RFC 4180 with a header line; bytes, and GB-months of 10⁹ bytes')
    .action((options: Options) =>
      perform(options, async receiver => {
        const found = await readAll(receiver, options)
        const rows = options.sources ? found.rows : byTenant(found.rows)
        const month = monthText(found.month)
        const { sources = false } = options
        if (options.csv) return { json: { month, rows }, lines: [], text: billCsv(month, rows, { sources }) }
        return { json: { month, rows }, lines: asTable(rows, options) }
      }),
    )
}

async function readAll(receiver: AdminReceiver, { month, tenant }: Options) {
  const rows: UsageRow[] = []
  let answered = ''
  for await (const page of pagesOf(receiver, '/v1/admin/usage', UsageResponse, { month, tenant })) {
    rows.push(...page.rows)
    answered = page.month
  }
  return { month: answered, rows }
}

function asTable(rows: BillLine[], { sources }: Options): string[] {
  const heads = ['tenant', ...(sources ? ['source'] : []), 'GB-months', 'stored', 'peak', 'uploaded', 'downloaded']
  const cells = rows.map(row => [
    row.tenant,
    ...(sources ? [row.name || (row.source ?? '')] : []),
    row.gbMonths.toFixed(6),
    formatBytes(row.storedBytes),
    formatBytes(row.peakBytes),
    formatBytes(row.uploadedBytes),
    formatBytes(row.downloadedBytes),
    `${row.snapshots}`,
    `${row.restores}`,
  ])
  return table([[...heads, 'snapshots', 'restores'], ...cells])
}

/** `2026-11` as the API writes it, for commander. */
export function month(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text.replace('-', '')
  throw new InvalidArgumentError('Give a month such as 2026-11.')
}
