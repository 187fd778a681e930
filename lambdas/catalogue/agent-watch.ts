import { z } from 'zod'
import { Agent } from './agents.ts'
import { inQueue } from './by-time.ts'
import { agentKey } from './keys.ts'
import { isRefused, type Key, read, type Step, type Table, update } from './table.ts'

/** An agent with what the watchdog alone writes. It waits in queue SEEN for the moment at which it would be silent. */
export const WatchedAgent = Agent.extend({
  /** Its silence before this is not held against it: its tenant was suspended. */
  watchedFrom: z.iso.datetime().optional(),
  gsk: z.iso.datetime().optional(),
})
export type WatchedAgent = z.infer<typeof WatchedAgent>

export function findWatchedAgent(table: Table, key: Key): Promise<WatchedAgent | undefined> {
  return read(table, WatchedAgent, key)
}

/**
 * What a look has found, and when the next one is.
 * @returns false when it has called or another look was there meanwhile
 */
export async function writeAgentLook(
  table: Table,
  agent: WatchedAgent,
  found: { silent: boolean; watchedFrom?: string | undefined },
  lookAt: Date,
): Promise<boolean> {
  const { gpk, gsk } = inQueue('SEEN', agent.agent, lookAt)
  const from = found.watchedFrom ?? agent.watchedFrom
  try {
    await update(table, {
      key: agentKey(agent.agent),
      update: `SET #silent = :silent, #gpk = :gpk, #gsk = :gsk${from === undefined ? '' : ', #watchedFrom = :from'}`,
      condition: '#gsk = :seenGsk AND #lastSeen = :lastSeen',
      values: {
        ':silent': found.silent,
        ':gpk': gpk,
        ':gsk': gsk,
        ':seenGsk': agent.gsk,
        ':lastSeen': agent.lastSeen,
        ...(from === undefined ? {} : { ':from': from }),
      },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** For the transaction that tells of its silence: refused once it has called. */
export function stillSilent({ agent, lastSeen }: WatchedAgent): Step {
  return { check: { key: agentKey(agent), condition: '#lastSeen = :lastSeen', values: { ':lastSeen': lastSeen } } }
}
