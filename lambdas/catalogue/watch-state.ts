import { z } from 'zod'
import { watchdogKey } from './keys.ts'
import { put, read, type Table } from './table.ts'

/** A watchdog that did not pass for so long stood still, and so, for all it knows, did the receiver. */
const standstill = 30 * 60_000

const WatchState = z.object({ passedAt: z.iso.datetime(), resumedAt: z.iso.datetime() })

/** Notes that a pass begins. @returns when passes began again after the last standstill */
export async function beginPass(table: Table, now: Date): Promise<Date> {
  const before = await read(table, WatchState, watchdogKey)
  const stood = !before || now.getTime() - Date.parse(before.passedAt) > standstill
  const state = { passedAt: now.toISOString(), resumedAt: stood ? now.toISOString() : before.resumedAt }
  await put(table, { key: watchdogKey, item: state })
  return new Date(state.resumedAt)
}
