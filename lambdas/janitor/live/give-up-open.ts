import type { AgentId } from '../../../shared/ids.ts'
import { type Agent, findAgent } from '../../catalogue/agents.ts'
import { abandon } from '../../catalogue/leases.ts'
import { giveUpDays } from '../../catalogue/live.ts'
import { postponeLive } from '../../catalogue/removal.ts'
import type { SnapshotIn } from '../../catalogue/snapshots.ts'
import { isRefused } from '../../catalogue/table.ts'
import type { JanitorPorts } from '../ports.ts'

/** An open snapshot waits for its agent, that may be off line for days, and for one that replaced it. */
export async function giveUpOpen({ catalogue, clock }: JanitorPorts, snapshot: SnapshotIn<'open'>): Promise<void> {
  const seen = Math.max(Date.parse(snapshot.openedAt), await lastContact(snapshot.agent))
  const end = new Date(seen + giveUpDays * 86_400_000)
  if (end > clock()) return postponeLive(catalogue, snapshot, end)
  try {
    await abandon(catalogue, snapshot, `its agent has not called for ${giveUpDays} days`, clock())
  } catch (error) {
    if (!isRefused(error)) throw error // it was committed or aborted at this very moment
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
