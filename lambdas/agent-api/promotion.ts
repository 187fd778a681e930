import type { Promotion } from '../../shared/api/agent.ts'
import { chainMaxDays, chainMaxLogs, heals } from '../../shared/continuity.ts'
import type { CommittedSnapshot, UnitEntry } from '../../shared/snapshot.ts'
import type { Agent } from '../catalogue/agents.ts'
import type { Heads } from './heads.ts'

const chainMaxMilliseconds = chainMaxDays * 86_400_000

/**
 * Whether the source's next log would be of no use, or at the end of a chain too long to restore, so that the run has to be a full one.
 *
 * - `HOST_REPLACED`: this agent stands in for a host that is gone, and has not yet proved where its own logs are.
 * - `CHAIN_BROKEN`: none of the units of the last log leads back to a full. Where some do, logs go on for their sake: a source with one broken
 *   database of a thousand is not forced to back them all up again. The broken ones are warned of and heal with the next full or differential.
 * - `CHAIN_TOO_LONG`: a restore would have to go through too many days or logs.
 *
 * A full that was committed after the last log ends all three, and so does a differential that names all units in question. Units that the newest full
 * does not know would not be healed by another one: then logs go on, warned of.
 */
export function promotionOf(agent: Agent, { heads, items }: Heads, now: Date): Promotion | null {
  const { data, log } = items
  const newest = [data, log].filter(item => item !== undefined)
  if (
    agent.predecessors.length > 0 &&
    newest.length > 0 &&
    newest.every(item => agent.predecessors.includes(item.agent))
  )
    return {
      code: 'HOST_REPLACED',
      reason: 'this host replaces another one, so the positions of its logs are to be proven by a full backup first',
    }
  const chain = log?.chain
  if (!log || !chain) return null
  const later = heads.data && data && Date.parse(data.receivedAt) > Date.parse(log.receivedAt) ? heads.data : undefined
  if (later?.kind === 'full') return null
  const units = heads.log!.units
  if (chain.brokenCount >= units.length && !(later && heals(later, chain)) && !isWithout(heads.data, units))
    return {
      code: 'CHAIN_BROKEN',
      reason: `the logs that are stored lead back to no full backup (${chain.broken[0]?.reason ?? 'none is known'}), so everything is backed up`,
    }
  const named = new Set(later?.units.map(({ unit }) => unit))
  if (later && units.every(({ unit }) => named.has(unit))) return null
  const days = Math.floor((now.getTime() - Date.parse(chain.since)) / 86_400_000)
  if (chain.logs < chainMaxLogs && now.getTime() - Date.parse(chain.since) < chainMaxMilliseconds) return null
  return {
    code: 'CHAIN_TOO_LONG',
    reason:
      `the last full or differential backup is ${days} days and ${chain.logs} logs ago ` +
      `(at most ${chainMaxDays} days, ${chainMaxLogs} logs), so everything is backed up`,
  }
}

/** Whether the newest full, which names every unit that fulls are made of, names none of these. */
function isWithout(data: CommittedSnapshot | null, units: UnitEntry[]): boolean {
  if (data?.kind !== 'full') return false
  const named = new Set(data.units.map(({ unit }) => unit))
  return units.every(({ unit }) => !named.has(unit))
}
