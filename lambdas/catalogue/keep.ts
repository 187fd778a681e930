import { z } from 'zod'
import { SourceId, TenantId } from '../../shared/ids.ts'
import { inQueue } from './by-time.ts'
import { keepKey } from './keys.ts'
import { absent, type Creation, isRefused, present, put, type Table, update } from './table.ts'

/** A source's daily pass of the janitor: retention, locks, usage. */
export const KeepChore = z.object({ tenant: TenantId, source: SourceId })
export type KeepChore = z.infer<typeof KeepChore>

/** Made with the source, because also what is uploaded and never committed is measured and counts against the quota. Due within a day. */
export function keepCreation({ tenant, source }: KeepChore, now: Date): Creation {
  const due = new Date(now.getTime() + 86_400_000)
  return { key: keepKey(source), item: { tenant, source, ...inQueue('KEEP', source, due) }, condition: absent }
}

/** Wherever a source comes from, with what it commits it has its chore. One that is there stays as it is. */
export async function ensureKeep(table: Table, chore: KeepChore, now: Date): Promise<void> {
  try {
    await put(table, keepCreation(chore, now))
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
    condition: present,
    values: { ':gpk': gpk, ':gsk': gsk },
  })
}
