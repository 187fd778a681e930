import { z } from 'zod'
import { consoleKey, hashOf, ttl } from './keys.ts'
import { absent, type Change, type Creation, present, read, type Table } from './table.ts'

/** A link to the provider's page as the catalogue knows it: without its secret. */
export const Console = z.object({
  hash: z.string(),
  /** The ARN of who made it, in whose name everything is done that is done with it. */
  openedBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
})
export type Console = z.infer<typeof Console>

export function consoleCreation(secret: string, console: Omit<Console, 'hash'>): Creation {
  const hash = hashOf(secret)
  return { key: consoleKey(hash), item: { hash, ...console, ttl: ttl(console.expiresAt) }, condition: absent }
}

/** By its secret; undefined also for one that has expired, as TTL deletes late, and for one that was ended. */
export async function findConsole(table: Table, secret: string, now: Date): Promise<Console | undefined> {
  const found = await read(table, Console, consoleKey(hashOf(secret)))
  return found && found.endedAt === undefined && Date.parse(found.expiresAt) > now.getTime() ? found : undefined
}

/** Ends it for everybody who has it. Refused when it has ended already. */
export function consoleEnd({ hash }: Pick<Console, 'hash'>, now: Date): Change {
  return {
    key: consoleKey(hash),
    update: 'SET #endedAt = :now',
    condition: `${present} AND attribute_not_exists(#endedAt)`,
    values: { ':now': now.toISOString() },
  }
}
