import { type Command, InvalidArgumentError } from 'commander'
import { formatBytes } from '../shared/amount.ts'
import { UsageResponse, type UsageRow } from '../shared/api/usage.ts'
import { csv } from './csv.ts'
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
        const months = `${found.month.slice(0, 4)}-${found.month.slice(4)}`
        if (options.csv) return { json: { month: months, rows }, lines: [], text: asCsv(months, rows, options) }
        return { json: { month: months, rows }, lines: asTable(rows, options) }
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

type Line = Omit<UsageRow, 'source' | 'name' | 'measuredAt'> & Partial<UsageRow>

/** The peak of a customer is the sum of its sources' peaks, which need not have been on one day. */
function byTenant(rows: UsageRow[]): Line[] {
  const tenants = new Map<string, Line>()
  for (const { tenant, source: _s, name: _n, measuredAt: _m, ...row } of rows) {
    const sum = tenants.get(tenant)
    tenants.set(tenant, {
      tenant,
      gbMonths: row.gbMonths + (sum?.gbMonths ?? 0),
      storedBytes: row.storedBytes + (sum?.storedBytes ?? 0),
      peakBytes: row.peakBytes + (sum?.peakBytes ?? 0),
      uploadedBytes: row.uploadedBytes + (sum?.uploadedBytes ?? 0),
      downloadedBytes: row.downloadedBytes + (sum?.downloadedBytes ?? 0),
      snapshots: row.snapshots + (sum?.snapshots ?? 0),
      restores: row.restores + (sum?.restores ?? 0),
    })
  }
  return [...tenants.values()]
}

function asCsv(month: string, rows: Line[], { sources }: Options): string {
  const heads = ['month', 'tenant', ...(sources ? ['source', 'name'] : []), 'gb_months', 'stored_bytes', 'peak_bytes']
  const moved = ['uploaded_bytes', 'downloaded_bytes', 'snapshots', 'restores']
  const cells = rows.map(row => [
    month,
    row.tenant,
    ...(sources ? [row.source ?? '', row.name ?? ''] : []),
    row.gbMonths.toFixed(6),
    row.storedBytes,
    row.peakBytes,
    row.uploadedBytes,
    row.downloadedBytes,
    row.snapshots,
    row.restores,
  ])
  return csv([...heads, ...moved], cells)
}

function asTable(rows: Line[], { sources }: Options): string[] {
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
