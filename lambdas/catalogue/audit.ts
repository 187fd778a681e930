import { z } from 'zod'
import { newUlid, type TenantId } from '../../shared/ids.ts'
import { auditKey } from './keys.ts'
import { absent, type Creation, collect, prefixed, put, query, type Table } from './table.ts'

/** One act of a person or an agent that matters later. Append only. */
export const AuditEntry = z.object({
  at: z.iso.datetime(),
  /** `agent:<id>`, `link:<first characters of its hash>`, `admin:<ARN>`, `console:<ARN>`, `janitor` or `watchdog`. */
  actor: z.string(),
  action: z.enum([
    'tenant-created',
    'enrol-token-created',
    'agent-enrolled',
    'source-registered',
    'link-created',
    'link-used',
    'link-refused',
    'restore-planned',
    'passcode-wrong',
    'tenant-suspended',
    'tenant-resumed',
    'tenant-changed',
    'agent-revoked',
    'agent-replaced',
    'key-rotated',
    'agent-certified',
    'certificate-refused',
    'recipients-changed',
    'schedule-changed',
    'retention-changed',
    'quota-changed',
    'link-revoked',
    'download-budget-spent',
    'snapshot-tombstoned',
    'snapshot-revived',
    'snapshot-deleted',
    'webhook-changed',
    'webhook-tested',
    'catalogue-rebuilt',
    'console-opened',
    'console-ended',
  ]),
  target: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

/**
 * As a step of the transaction that does the act, so that neither is there without the other.
 * @param tenant null: the act is about the receiver itself
 */
export function auditCreation(tenant: TenantId | null, entry: AuditEntry): Creation {
  const key = auditKey(tenant, monthOf(entry.at), newUlid(Date.parse(entry.at)))
  return { key, item: entry, condition: absent }
}

export function recordAudit(table: Table, tenant: TenantId | null, entry: AuditEntry): Promise<void> {
  return put(table, auditCreation(tenant, entry))
}

/** @param month `yyyymm` */
export function listAudit(table: Table, tenant: TenantId, month: string): Promise<AuditEntry[]> {
  return collect(query(table, AuditEntry, prefixed(`T#${tenant}#AUDIT#${month}`, '0')))
}

export function monthOf(instant: string): string {
  return instant.slice(0, 7).replace('-', '')
}

/** What was done since an instant, newest first. @param now nothing is later */
export async function* auditSince(table: Table, tenant: TenantId, since: Date, now: Date): AsyncGenerator<AuditEntry> {
  const first = monthOf(since.toISOString())
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()))
  for (; monthOf(month.toISOString()) >= first; month.setUTCMonth(month.getUTCMonth() - 1)) {
    const { PK } = auditKey(tenant, monthOf(month.toISOString()), '')
    for await (const entry of query(table, AuditEntry, {
      PK,
      from: '0',
      to: '\uffff',
      backwards: true,
      pageSize: 200,
    })) {
      if (Date.parse(entry.at) < since.getTime()) return
      yield entry
    }
  }
}

/** One month from behind: at most `limit` entries that are older than the one called `before`. */
export async function auditBefore(
  table: Table,
  tenant: TenantId | null,
  month: string,
  before: string | undefined,
  limit: number,
): Promise<(AuditEntry & { id: string })[]> {
  const { PK } = auditKey(tenant, month, '')
  const entries: (AuditEntry & { id: string })[] = []
  const range = { PK, from: '0', to: before ?? '\uffff', backwards: true, pageSize: limit + 1 }
  for await (const { SK: id, ...entry } of query(table, StoredEntry, range)) {
    if (id === before) continue
    entries.push({ id, ...entry })
    if (entries.length === limit) break
  }
  return entries
}

const StoredEntry = AuditEntry.extend({ SK: z.string() })
