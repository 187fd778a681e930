import type { AgentId } from '../../../shared/ids.ts'
import { type Agent, findAgent } from '../../catalogue/agents.ts'
import { abandon, findLane } from '../../catalogue/leases.ts'
import { giveUpDays } from '../../catalogue/live.ts'
import { postponeLive } from '../../catalogue/removal.ts'
import type { SnapshotIn } from '../../catalogue/snapshots.ts'
import { isRefused } from '../../catalogue/table.ts'
import type { JanitorPorts } from '../ports.ts'

const day = 86_400_000

/** As long as the bucket keeps unfinished uploads: later there is nothing any more that a run could go on with. */
const forgottenDays = 30

/**
 * An open snapshot waits for its agent, that may be off line for days, and for one that replaced it; but not for an agent that calls for other
 * things and never comes back to it.
 */
export async function giveUpOpen({ catalogue, clock }: JanitorPorts, snapshot: SnapshotIn<'open'>): Promise<void> {
  const silent = Math.max(Date.parse(snapshot.openedAt), await lastContact(snapshot.agent)) + giveUpDays * day
  const forgotten = (await leasedUntil()) + forgottenDays * day
  const end = new Date(Math.min(silent, forgotten))
  if (end > clock()) return postponeLive(catalogue, snapshot, end)
  const why =
    silent <= forgotten
      ? `its agent has not called for ${giveUpDays} days`
      : `no run has come back to it for ${forgottenDays} days`
  try {
    await abandon(catalogue, snapshot, why, clock())
  } catch (error) {
    if (!isRefused(error)) throw error // it was committed or aborted at this very moment
  }

  async function leasedUntil(): Promise<number> {
    const { lease } = await findLane(catalogue, snapshot.source, snapshot.lane)
    return Date.parse(lease?.snapshot === snapshot.snapshot ? lease.until : snapshot.openedAt)
  }

  async function lastContact(id: AgentId): Promise<number> {
    let seen = 0
    let agent: Agent | undefined = await findAgent(catalogue, id)
    while (agent) {
      seen = Math.max(seen, Date.parse(agent.lastSeen))
      agent = agent.replacedBy === undefined ? undefined : await findAgent(catalogue, agent.replacedBy)
    }
    return seen
  }
}
