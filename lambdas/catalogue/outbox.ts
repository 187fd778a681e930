import { inQueue } from './by-time.ts'
import { noticeKey } from './keys.ts'
import { OutboxItem } from './notices.ts'
import { isRefused, type Key, read, type Table, update } from './table.ts'

export function findOutboxItem(table: Table, key: Key): Promise<OutboxItem | undefined> {
  return read(table, OutboxItem, key)
}

/**
 * Takes a notice for delivery: nobody else gets it before `until`. Who dies with it leaves it to the first pass after that.
 * @returns false when another pass has it
 */
export async function claimNotice(table: Table, item: OutboxItem, until: Date): Promise<boolean> {
  try {
    await update(table, {
      key: noticeKey(item.tenant, item.id),
      update: 'SET #gsk = :until',
      condition: '#gsk = :seen',
      values: { ':until': inQueue('OUT', item.id, until).gsk, ':seen': item.gsk },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** Remembered at once, so that what fails beside it does not repeat it. */
export function noteDelivered(table: Table, item: OutboxItem, delivered: string[]): Promise<void> {
  return update(table, {
    key: noticeKey(item.tenant, item.id),
    update: 'SET #delivered = :delivered',
    values: { ':delivered': delivered },
  })
}

/** @param again when it is tried again; undefined: nothing is left to do */
export function releaseNotice(table: Table, item: OutboxItem, again: Date | undefined): Promise<void> {
  return update(table, {
    key: noticeKey(item.tenant, item.id),
    update: again ? 'SET #gsk = :again ADD #attempts :one' : 'REMOVE #gpk, #gsk ADD #attempts :one',
    values: { ':one': 1, ...(again && { ':again': inQueue('OUT', item.id, again).gsk }) },
  })
}
