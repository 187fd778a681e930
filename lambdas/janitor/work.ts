import { z } from 'zod'
import { SnapshotId } from '../../shared/ids.ts'
import { dueIn } from '../catalogue/by-time.ts'
import { KeepChore } from '../catalogue/keep.ts'
import { workNights } from '../export/work-nights.ts'
import { keepSource } from './keep-source.ts'
import { settleSnapshot } from './live/settle-snapshot.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

const LiveEntry = z.object({ snapshot: SnapshotId, gsk: z.iso.datetime() })

/** At a time. Each source's history is in memory while its retention is looked at. */
const [liveWorkers, keepWorkers] = [4, 2]

/**
 * One invocation: snapshots that are not committed are finished or cleaned up, then every source whose day is over gets its pass, and every tenant
 * its export. The first kind takes at most half of the time while the second waits, however long one of it takes, so that a host that opens and
 * aborts without end cannot stop retention for others.
 * Each piece of work tells of its own failure and stops nobody else's. Any number of invocations may be at it at once, and each may die anywhere.
 * @throws when the queues themselves cannot be read
 */
export async function work(ports: JanitorPorts, remaining: Remaining): Promise<void> {
  const { catalogue, clock, log } = ports
  const started = clock()
  const half = remaining() / 2
  const live = dueIn(catalogue, LiveEntry, 'LIVE', started)
  const settle = (budget: Remaining) => (entry: z.infer<typeof LiveEntry>) =>
    settleSnapshot(ports, { snapshot: entry.snapshot, due: new Date(entry.gsk) }, budget)
  const inTime = () => remaining() > 0
  const untilHalf = () => remaining() - half
  await each(live, liveWorkers, () => untilHalf() > 0, settle(untilHalf))
  await each(dueIn(catalogue, KeepChore, 'KEEP', started), keepWorkers, inTime, chore =>
    keepSource(ports, chore, remaining),
  )
  await workNights(ports, inTime)
  await each(live, liveWorkers, inTime, settle(remaining))
  log.request({
    method: 'SCHEDULE',
    route: 'janitor',
    status: 200,
    milliseconds: clock().getTime() - started.getTime(),
  })
}

/** Begins no item once `mayGoOn` says no. */
async function each<T>(
  items: AsyncGenerator<T>,
  workers: number,
  mayGoOn: () => boolean,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const worker = async () => {
    while (mayGoOn()) {
      const { done, value } = await items.next()
      if (done) return
      await work(value)
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: workers }, worker))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
}
