import pLimit from 'p-limit'
import { dueIn, type Queue } from '../catalogue/by-time.ts'
import { beginPass } from '../catalogue/watch-state.ts'
import { Courier } from '../notices/deliver.ts'
import { DueItem } from './due-item.ts'
import { lookAtAgent } from './look-at-agent.ts'
import { lookAtSource } from './look-at-source.ts'
import { newPass } from './pass.ts'
import type { WatchdogPorts } from './ports.ts'
import { summarizeDay } from './summarize-day.ts'

/** Milliseconds that must be left to begin one more item: looking leaves time for delivering, and both for what has begun. */
const reserve = { looking: 120_000, delivering: 30_000 }
const concurrency = 16
/** Taken up in one pass of a queue; the rest is due in the next one. */
const mostInPass = 5000

interface Chore {
  queue: Queue
  reserve: number
  work(item: DueItem): Promise<void>
}

/**
 * One pass: whatever is due in each queue, the longest waiting first; what the looks find is delivered in the same pass. One item that fails
 * stops no other: it stays due, and the pass fails at its end, so that the function's alarm tells. Passes may overlap and may die
 * anywhere: see each chore.
 * @param remaining milliseconds until the invocation is ended
 * @throws AggregateError
 */
export async function watch(ports: WatchdogPorts, remaining: () => number): Promise<void> {
  const { catalogue, clock, log } = ports
  const started = clock()
  const pass = newPass(ports, await beginPass(catalogue, started))
  const courier = new Courier(ports)
  const chores: Chore[] = [
    { queue: 'DUE', reserve: reserve.looking, work: item => lookAtSource(pass, item) },
    { queue: 'SEEN', reserve: reserve.looking, work: item => lookAtAgent(pass, item) },
    { queue: 'DAY', reserve: reserve.looking, work: item => summarizeDay(pass, item) },
    { queue: 'OUT', reserve: reserve.delivering, work: item => courier.deliver({ PK: item.PK, SK: item.SK }) },
  ]
  const failures: unknown[] = []
  for (const chore of chores) await work(ports, chore, remaining, failures)
  log.request({
    method: 'SCHEDULE',
    route: 'watchdog',
    status: failures.length === 0 ? 200 : 500,
    milliseconds: clock().getTime() - started.getTime(),
  })
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} items could not be looked at`)
}

async function work(ports: WatchdogPorts, chore: Chore, remaining: () => number, failures: unknown[]): Promise<void> {
  const items: DueItem[] = []
  for await (const item of dueIn(ports.catalogue, DueItem, chore.queue, ports.clock()))
    if (items.push(item) >= mostInPass) break
  items.sort((a, b) => (a.gsk < b.gsk ? -1 : 1))
  const limit = pLimit(concurrency)
  await limit.map(items, async item => {
    if (remaining() < chore.reserve) return
    try {
      await chore.work(item)
    } catch (error) {
      ports.log.failure(error)
      failures.push(error)
    }
  })
}
