import { z } from 'zod'
import { type Notice, NoticeKind } from '../../shared/notice.ts'
import { inQueue } from './by-time.ts'
import { tenantKey } from './keys.ts'
import { noticeStep } from './notices.ts'
import { isRefused, type Key, read, type Table, transact } from './table.ts'
import { Tenant } from './tenants.ts'

/** A tenant with the end of the day that its next summary is of. It waits in queue DAY for it. */
const WatchedTenant = Tenant.extend({ gsk: z.iso.datetime().optional() })
export type WatchedTenant = z.infer<typeof WatchedTenant>

export const summaryKind = NoticeKind.enum['daily-summary']

export function findWatchedTenant(table: Table, key: Key): Promise<WatchedTenant | undefined> {
  return read(table, WatchedTenant, key)
}

/** The summary and the time of the next one in one step: however many passes come to it, there is one. */
export async function writeSummary(
  table: Table,
  { tenant, gsk }: WatchedTenant,
  summary: Notice | undefined,
  next: Date,
): Promise<void> {
  const queue = inQueue('DAY', tenant, next)
  await transact(table, [
    {
      update: {
        key: tenantKey(tenant),
        update: 'SET #gpk = :gpk, #gsk = :gsk',
        condition: '#gsk = :seen',
        values: { ':gpk': queue.gpk, ':gsk': queue.gsk, ':seen': gsk },
      },
    },
    ...(summary ? [noticeStep(summary)] : []),
  ]).catch(error => {
    if (!isRefused(error)) throw error // another pass was first, or the next one will be
  })
}
