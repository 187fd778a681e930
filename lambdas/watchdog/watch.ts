import pLimit from 'p-limit'
import { z } from 'zod'
import { dueIn, type Queue } from '../catalogue/by-time.ts'
import type { WatchdogPorts } from './ports.ts'

/** Milliseconds that are left for what has begun when a pass takes up nothing new. */
const reserve = { looking: 120_000, delivering: 25_000 }
const concurrency = 16
/** Taken up in one pass of a queue; the rest is due in the next one. */
const mostInPass = 5000

/** What the index yields: where the item lies. It is read again before anything is done. */
export const DueItem = z.object({ PK: z.string(), SK: z.string(), gsk: z.string() })
export type DueItem = z.infer<typeof DueItem>

export interface Chore {
  queue: Queue
  reserve: number
  work(item: DueItem): Promise<void>
}

/**
 * One pass: whatever is due in each queue, the longest waiting first. One item that fails stops no other; it stays due, and the pass
 * fails at its end, so that the function's alarm tells. Passes may overlap and may die anywhere: see each chore.
 * @param remaining milliseconds until the invocation is ended
 * @throws AggregateError
 */
export async function watch(ports: WatchdogPorts, remaining: () => number): Promise<void> {
  const failures: unknown[] = []
  for (const chore of choresOf(ports)) await pass(ports, chore, remaining, failures)
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} items could not be looked at`)
}

function choresOf(_ports: WatchdogPorts): Chore[] {
  return []
}

async function pass(ports: WatchdogPorts, chore: Chore, remaining: () => number, failures: unknown[]): Promise<void> {
  const items: DueItem[] = []
  for await (const item of dueIn(ports.catalogue, DueItem, chore.queue, ports.clock()))
    if (items.push(item) >= mostInPass) break
  items.sort((a, b) => (a.gsk < b.gsk ? -1 : 1))
  const limit = pLimit(concurrency)
  await Promise.all(
    items.map(item =>
      limit(async () => {
        if (remaining() < chore.reserve) return
        try {
          await chore.work(item)
        } catch (error) {
          ports.log.failure(error)
          failures.push(error)
        }
      }),
    ),
  )
}

export { reserve }
