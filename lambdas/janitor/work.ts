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
 * its night's work. Whatever waits, nothing takes the whole time: a host that opens and aborts without end cannot stop retention for others, and
 * passes that a day is too short for cannot stop exports and quotas.
 *
 *   │ not committed ┄┄┄┄┄┄ │ passes ┄┄┄┄┄┄ │ nights ┄┄┄ │ passes, not committed: what is left │
 *   0                     half         a quarter left                                       end
 *
 * Each piece of work tells of its own failure and stops nobody else's. Any number of invocations may be at it at once, and each may die anywhere.
 * @throws when the queues themselves cannot be read
 */
export async function work(ports: JanitorPorts, remaining: Remaining): Promise<void> {
  const { catalogue, clock, log } = ports
  const started = clock()
  const whole = remaining()
  const inTime = () => remaining() > 0
  const live = dueIn(catalogue, LiveEntry, 'LIVE', started)
  const keep = dueIn(catalogue, KeepChore, 'KEEP', started)
  /** With so much of the time kept for what comes after it. */
  const settle = (kept: number) =>
    each(live, liveWorkers, less(kept), ({ snapshot, gsk }, budget) =>
      settleSnapshot(ports, { snapshot, due: new Date(gsk) }, budget),
    )
  const pass = (kept: number) =>
    each(keep, keepWorkers, less(kept), (chore, budget) => keepSource(ports, chore, budget))
  const less = (kept: number) => () => remaining() - kept
  await settle(whole / 2)
  await pass(whole / 4)
  await workNights(ports, inTime)
  await pass(0)
  await settle(0)
  log.request({
    method: 'SCHEDULE',
    route: 'janitor',
    status: 200,
    milliseconds: clock().getTime() - started.getTime(),
  })
}

/** Begins no item once there is no time left. */
async function each<T>(
  items: AsyncGenerator<T>,
  workers: number,
  remaining: Remaining,
  work: (item: T, remaining: Remaining) => Promise<void>,
): Promise<void> {
  const worker = async () => {
    while (remaining() > 0) {
      const { done, value } = await items.next()
      if (done) return
      await work(value, remaining)
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: workers }, worker))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
}
