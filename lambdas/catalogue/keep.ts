import { z } from 'zod'
import { SourceId, TenantId } from '../../shared/ids.ts'
import { inQueue } from './by-time.ts'
import { keepKey } from './keys.ts'
import { absent, isRefused, put, type Table, update } from './table.ts'

/** A source's daily pass of the janitor: retention, locks, usage. */
export const KeepChore = z.object({ tenant: TenantId, source: SourceId })
export type KeepChore = z.infer<typeof KeepChore>

/** A source that has something to keep has its chore: made with the first commit, and left as it is by every later one. */
export async function ensureKeep(table: Table, { tenant, source }: KeepChore, due: Date): Promise<void> {
  try {
    await put(table, {
      key: keepKey(source),
      item: { tenant, source, ...inQueue('KEEP', source, due) },
      condition: absent,
    })
  } catch (error) {
    if (!isRefused(error)) throw error
  }
}

/** Puts the next pass at `due`. */
export async function scheduleKeep(table: Table, { source }: KeepChore, due: Date): Promise<void> {
  const { gpk, gsk } = inQueue('KEEP', source, due)
  await update(table, {
    key: keepKey(source),
    update: 'SET #gpk = :gpk, #gsk = :gsk',
    values: { ':gpk': gpk, ':gsk': gsk },
  })
}
