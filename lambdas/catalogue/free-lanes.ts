import pLimit from 'p-limit'
import type { Lane } from '../../shared/snapshot.ts'
import { type Agent, speaksFor } from './agents.ts'
import { abandon, findLane } from './leases.ts'
import { findSnapshot } from './snapshots.ts'
import { listSources, type Source } from './sources.ts'
import { isRefused, type Table } from './table.ts'

const lanes: Lane[] = ['data', 'log']
const concurrency = 16

/**
 * Ends what a revoked agent has open and the leases with it, so that nobody waits for them. A commit that has begun goes on to its end
 * without the agent. A request of the agent that was let in just before it was revoked may still take a lease: that one runs out by itself.
 */
export async function freeLanes(table: Table, agent: Agent, reason: string, now: Date): Promise<void> {
  const sources = (await listSources(table, agent.tenant)).filter(source => speaksFor(agent, source.agent))
  const limit = pLimit(concurrency)
  await Promise.all(sources.flatMap(source => lanes.map(lane => limit(() => free(source, lane)))))

  async function free({ source }: Source, lane: Lane): Promise<void> {
    const { lease } = await findLane(table, source, lane)
    if (!lease || lease.released) return
    const snapshot = await findSnapshot(table, lease.snapshot)
    if (snapshot?.state !== 'open' || snapshot.agent !== agent.agent) return
    await abandon(table, snapshot, reason, now).catch(error => {
      if (!isRefused(error)) throw error // its commit has begun meanwhile
    })
  }
}
