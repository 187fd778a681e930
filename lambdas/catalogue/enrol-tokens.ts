import { z } from 'zod'
import { AgentId, TenantId } from '../../shared/ids.ts'
import { enrolTokenKey, hashOf, ttl } from './keys.ts'
import { absent, type Change, type Creation, read, type Table } from './table.ts'

export const EnrolToken = z.object({
  tenant: TenantId,
  expiresAt: z.iso.datetime(),
  /** The agent whose place the new one takes. */
  replaces: AgentId.optional(),
  /** Who used it: the same key asked again gets the same answer, as a reply may be lost on the way. */
  used: z.object({ agent: AgentId, fingerprint: z.string() }).optional(),
})
export type EnrolToken = z.infer<typeof EnrolToken>

export function enrolTokenCreation(secret: string, token: EnrolToken): Creation {
  // kept a day beyond its end, so that a late second asking is told what happened
  const kept = new Date(Date.parse(token.expiresAt) + 86_400_000)
  return { key: enrolTokenKey(hashOf(secret)), item: { ...token, ttl: ttl(kept) }, condition: absent }
}

export function findEnrolToken(table: Table, secret: string): Promise<EnrolToken | undefined> {
  return read(table, EnrolToken, enrolTokenKey(hashOf(secret)))
}

const unused = 'attribute_not_exists(#used)'
const unexpired = '#expiresAt > :now'

/** A step of the transaction that makes the agent: a token makes one agent only. */
export function enrolTokenUse(secret: string, used: NonNullable<EnrolToken['used']>, now: Date): Change {
  return {
    key: enrolTokenKey(hashOf(secret)),
    update: 'SET #used = :used',
    condition: `${unused} AND ${unexpired}`,
    values: { ':used': used, ':now': now.toISOString() },
  }
}
