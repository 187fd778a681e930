import { z } from 'zod'
import { AgentId, SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { hashOf, linkKey, ttl } from './keys.ts'
import { absent, type Creation, isRefused, read, type Table, update } from './table.ts'

/** A restore link as the catalogue knows it: without its secret. */
export const Link = z.object({
  hash: z.string(),
  tenant: TenantId,
  source: SourceId,
  snapshot: SnapshotId.nullable(),
  /** Only these units, and only moments between these; null for no such limit. */
  units: z.array(z.string()).nullable().default(null),
  since: Instant.nullable().default(null),
  until: Instant.nullable().default(null),
  /** Addresses and CIDR blocks that it may be used from; null for any. */
  addresses: z.array(z.string()).nullable().default(null),
  revokedAt: z.iso.datetime().optional(),
  /** Bytes that URLs were signed for, over all its uses, and may be signed for at most. */
  signedBytes: z.number().int().default(0),
  byteBudget: z.number().int().nullable().default(null),
  /** The agent that made it, with which it ends; null for the provider's. */
  agent: AgentId.nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** How often it may be used; null for no limit. */
  uses: z.number().int().nullable(),
  used: z.number().int(),
  passcode: z.object({ salt: z.string(), hash: z.string() }).nullable(),
  /** Passcodes that did not fit, and those being tried now. */
  tries: z.number().int(),
})
export type Link = z.infer<typeof Link>

/** Wrong passcodes that lock a link for good. */
export const triesAllowed = 10

export function linkCreation(link: Link): Creation {
  return { key: linkKey(link.hash), item: { ...link, ttl: ttl(link.expiresAt) }, condition: absent }
}

/** By its secret; undefined also for one that has expired, as TTL deletes late. */
export async function findLink(table: Table, secret: string, now: Date): Promise<Link | undefined> {
  const link = await read(table, Link, linkKey(hashOf(secret)))
  return link && Date.parse(link.expiresAt) > now.getTime() ? link : undefined
}

const unexpired = '#expiresAt > :now'
const usesLeft = '(#uses = :unlimited OR #used < #uses)'

/** @returns false when no use is left, also when two ask for the last one at the same time */
export async function useLink(table: Table, link: Link, now: Date): Promise<boolean> {
  try {
    await update(table, {
      key: linkKey(link.hash),
      update: 'SET #used = #used + :one',
      condition: `${unexpired} AND ${usesLeft}`,
      values: { ':one': 1, ':now': now.toISOString(), ':unlimited': null },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** Counts a passcode as wrong before it is tried, so that guessing in parallel gains nothing. @returns false once locked */
export async function beginTry(table: Table, link: Link): Promise<boolean> {
  try {
    await update(table, {
      key: linkKey(link.hash),
      update: 'SET #tries = #tries + :one',
      condition: '#tries < :allowed',
      values: { ':one': 1, ':allowed': triesAllowed },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** The passcode was right: it does not count. */
export function endTry(table: Table, link: Link): Promise<void> {
  return update(table, {
    key: linkKey(link.hash),
    update: 'SET #tries = #tries - :one',
    values: { ':one': 1 },
  })
}
