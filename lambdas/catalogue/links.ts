import { z } from 'zod'
import { AgentId, SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { hashOf, linkEntryKey, linkKey, ttl } from './keys.ts'
import { absent, type Change, isRefused, present, read, type Step, type Table, update } from './table.ts'

/*
 * A link is alive until the first of these: it expires, it is revoked, the agent that made it ends, its tenant is suspended, ten wrong
 * passcodes. While it lives, each restore manifest consumes a use, and each URL counts against one budget of bytes for all its uses.
 */

const count = z
  .instanceof(Set)
  .transform(ids => ids.size)
  .default(0)

/** A restore link as the catalogue knows it: without its secret. */
export const Link = z.object({
  hash: z.string(),
  tenant: TenantId,
  source: SourceId,
  /** Only these snapshots, only these units, and only moments between these; null for no such limit. */
  snapshots: z.array(SnapshotId).nullable().default(null),
  units: z.array(z.string()).nullable().default(null),
  since: Instant.nullable().default(null),
  until: Instant.nullable().default(null),
  /** Addresses and CIDR blocks that it may be used from; null for any. */
  addresses: z.array(z.string()).nullable().default(null),
  revokedAt: z.iso.datetime().optional(),
  /** Bytes that URLs were signed for, over all its uses, and may be signed for at most; null before its first use. */
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
  /** Passcodes that did not fit, and those being tried now: one id for each. */
  tries: count,
  /** Of these, the ones that are known not to fit. */
  wrong: count,
  /** When the last one was begun. */
  triedAt: z.iso.datetime().optional(),
})
export type Link = z.output<typeof Link>

/** Wrong passcodes that lock a link for good. */
export const triesAllowed = 10

/** What people and the audit call a link: enough of its hash to tell it from others. */
export function nameOfLink({ hash }: Pick<Link, 'hash'>): string {
  return hash.slice(0, 12)
}

/** No function runs that long: what was being tried then, and is not known to have fitted, counts as wrong. */
const triedMs = 60_000

/** Whether ten passcodes were wrong. While some of ten are still being tried it is not known yet. */
export function isLocked({ tries, wrong, triedAt }: Link, now: Date): boolean {
  if (tries < triesAllowed) return false
  return wrong >= triesAllowed || triedAt === undefined || Date.parse(triedAt) < now.getTime() - triedMs
}

export function usesLeft({ uses, used }: Link): number | null {
  return uses === null ? null : Math.max(0, uses - used)
}

/** Steps of the transaction that makes a link: itself, and its entry in the tenant's list. */
export function linkCreation({ tries: _tries, wrong: _wrong, ...link }: Link): Step[] {
  const deleted = ttl(link.expiresAt)
  const name = nameOfLink(link)
  return [
    { put: { key: linkKey(link.hash), item: { ...link, ttl: deleted }, condition: absent } },
    {
      put: {
        key: linkEntryKey(link.tenant, name),
        item: { name, hash: link.hash, ttl: deleted },
        condition: absent,
      },
    },
  ]
}

/** By its secret; undefined also for one that has expired, as TTL deletes late. */
export function findLink(table: Table, secret: string, now: Date): Promise<Link | undefined> {
  return findLinkByHash(table, hashOf(secret), now)
}

export async function findLinkByHash(table: Table, hash: string, now: Date): Promise<Link | undefined> {
  const link = await read(table, Link, linkKey(hash))
  return link && Date.parse(link.expiresAt) > now.getTime() ? link : undefined
}

const notRevoked = 'attribute_not_exists(#revokedAt)'

/** A restore may be repeated once when it broke, also with a link of one use. */
const leastBudget = 2

/**
 * A use, as a step of the transaction that makes a restore manifest: refused when another use, or its end, came in between. The link's budget
 * is `uses` times the largest that was planned with it; without a limit of uses as many times as it was used.
 * @param bytes of what the restore manifest names
 */
export function linkUse(link: Link, bytes: number, now: Date): Change {
  const factor = Math.max(leastBudget, link.uses ?? link.used + 1)
  return {
    key: linkKey(link.hash),
    update: 'SET #used = :next, #byteBudget = :budget',
    condition: `#used = :seen AND #expiresAt > :now AND ${notRevoked}`,
    values: {
      ':seen': link.used,
      ':next': link.used + 1,
      ':budget': Math.max(link.byteBudget ?? 0, factor * bytes),
      ':now': now.toISOString(),
    },
  }
}

/** Bytes that URLs are about to be signed for, as a step; undefined when the budget does not cover them. */
export function linkSpending({ hash, byteBudget }: Link, bytes: number): Change | undefined {
  const ceiling = (byteBudget ?? 0) - bytes
  if (ceiling < 0) return undefined
  return {
    key: linkKey(hash),
    update: 'SET #signedBytes = #signedBytes + :bytes',
    condition: `#signedBytes <= :ceiling AND ${notRevoked}`,
    values: { ':bytes': bytes, ':ceiling': ceiling },
  }
}

/** Ends a link. Refused when it has ended already. */
export function linkRevocation(hash: string, now: Date): Change {
  return {
    key: linkKey(hash),
    update: 'SET #revokedAt = :now',
    condition: `${present} AND ${notRevoked}`,
    values: { ':now': now.toISOString() },
  }
}

/**
 * Counts a passcode as wrong before it is tried, so that guessing in parallel gains nothing. The id makes a write that is sent again count once.
 * @returns false once locked, and while ten are being tried
 */
export async function beginTry(table: Table, link: Pick<Link, 'hash'>, id: string, now: Date): Promise<boolean> {
  try {
    await update(table, {
      key: linkKey(link.hash),
      update: 'SET #triedAt = :now ADD #tries :try',
      condition: 'attribute_not_exists(#tries) OR size(#tries) < :allowed OR contains(#tries, :id)',
      values: { ':try': new Set([id]), ':id': id, ':allowed': triesAllowed, ':now': now.toISOString() },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** The passcode was right: it does not count. */
export function endTry(table: Table, link: Pick<Link, 'hash'>, id: string): Promise<void> {
  return afterTry(table, link, 'DELETE #tries :try', id)
}

/** The passcode was wrong: what a death before this leaves counts too, a minute later. */
export function failTry(table: Table, link: Pick<Link, 'hash'>, id: string): Promise<void> {
  return afterTry(table, link, 'ADD #wrong :try', id)
}

async function afterTry(table: Table, { hash }: Pick<Link, 'hash'>, change: string, id: string): Promise<void> {
  try {
    await update(table, {
      key: linkKey(hash),
      update: change,
      condition: present,
      values: { ':try': new Set([id]) },
    })
  } catch (error) {
    if (!isRefused(error)) throw error // TTL has just removed the link: it is not put back, empty
  }
}
