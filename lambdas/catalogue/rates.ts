import type { AgentId } from '../../shared/ids.ts'
import { rateKey, ttl } from './keys.ts'
import { isRefused, type Table, update } from './table.ts'

const minute = 60_000
const day = 86_400_000
/** Attempts to enrol with a token that is none. */
const strangers = 'enrolments'

/**
 * Counts one request of an agent in this minute. One counter for all function instances, so that the limit is exact.
 * @returns seconds until the next minute when the limit is reached, else 0
 */
export function countRequest(table: Table, agent: AgentId, limit: number, now: Date): Promise<number> {
  return count(table, agent, limit, now)
}

/** The same for the requests that come with one restore link. */
export function countLinkRequest(table: Table, link: string, limit: number, now: Date): Promise<number> {
  return count(table, `link ${link}`, limit, now)
}

/** The same for the requests of the provider's page that was opened with one link. */
export function countConsoleRequest(table: Table, hash: string, limit: number, now: Date): Promise<number> {
  return count(table, `console ${hash}`, limit, now)
}

/** The same for attempts to enrol with a wrong token, of whoever makes them. */
export function countWrongToken(table: Table, limit: number, now: Date): Promise<number> {
  return count(table, strangers, limit, now)
}

/** Events in one day that an agent's own word makes (a weaker schedule, a failed proof) and that the provider is told of. */
const noticesADay = 100

/**
 * Counts a notice that an agent's own word makes. Beyond a hundred a day they are in the audit and the catalogue alone: who took a host over must not
 * be able to keep other notices from being delivered, or read.
 */
export async function mayTell(table: Table, agent: AgentId, now: Date): Promise<boolean> {
  return (await count(table, `notices ${agent}`, noticesADay, now, day)) === 0
}

async function count(table: Table, who: string, limit: number, now: Date, span = minute): Promise<number> {
  const begin = Math.floor(now.getTime() / span) * span
  try {
    await update(table, {
      key: rateKey(who, new Date(begin).toISOString().slice(0, 16)),
      update: 'SET #ttl = :ttl ADD #requests :one',
      condition: 'attribute_not_exists(#requests) OR #requests < :limit',
      values: { ':one': 1, ':limit': limit, ':ttl': ttl(new Date(begin + span + 10 * minute)) },
    })
    return 0
  } catch (error) {
    if (isRefused(error)) return Math.ceil((begin + span - now.getTime()) / 1000)
    throw error
  }
}
