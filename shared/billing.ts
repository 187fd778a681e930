import type { UsageRow } from './api/usage.ts'
import { csv } from './csv.ts'

/** A line of a bill: one source, or one customer with everything that it has. */
export type BillLine = Omit<UsageRow, 'source' | 'name' | 'measuredAt'> & Partial<UsageRow>

/** The peak of a customer is the sum of its sources' peaks, which need not have been on one day. */
export function byTenant(rows: readonly UsageRow[]): BillLine[] {
  const tenants = new Map<string, BillLine>()
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

/** @param month as the API writes it: `202611` @returns `2026-11` */
export function monthText(month: string): string {
  return `${month.slice(0, 4)}-${month.slice(4)}`
}

/**
 * For billing: bytes, and GB-months of 10⁹ bytes.
 * @param month `2026-11`
 * @param sources whether each line is a source
 */
export function billCsv(month: string, lines: readonly BillLine[], { sources }: { sources: boolean }): string {
  const heads = ['month', 'tenant', ...(sources ? ['source', 'name'] : []), 'gb_months', 'stored_bytes', 'peak_bytes']
  const moved = ['uploaded_bytes', 'downloaded_bytes', 'snapshots', 'restores']
  const cells = lines.map(line => [
    month,
    line.tenant,
    ...(sources ? [line.source ?? '', line.name ?? ''] : []),
    line.gbMonths.toFixed(6),
    line.storedBytes,
    line.peakBytes,
    line.uploadedBytes,
    line.downloadedBytes,
    line.snapshots,
    line.restores,
  ])
  return csv([...heads, ...moved], cells)
}
