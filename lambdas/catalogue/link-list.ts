import { z } from 'zod'
import type { TenantId } from '../../shared/ids.ts'
import { LinkName } from '../../shared/link.ts'
import { linkEntryKey, linkKey } from './keys.ts'
import { Link, nameOfLink } from './links.ts'
import { prefixed, query, read, readMany, type Table } from './table.ts'

/** A tenant's link by the name that people call it; its hash is no secret that opens anything. */
const Entry = z.object({ name: LinkName, hash: z.string() })

/** Also one that has expired or was revoked, as long as it is there. */
export async function findLinkByName(table: Table, tenant: TenantId, name: string): Promise<Link | undefined> {
  const entry = await read(table, Entry, linkEntryKey(tenant, name))
  return entry && read(table, Link, linkKey(entry.hash))
}

/**
 * At most `limit` of a tenant's links that have not expired, by name.
 * @param after only those behind this one
 * @returns `next`: the name to go on behind; null at the end
 */
export async function listLinks(
  table: Table,
  tenant: TenantId,
  { now, limit, after }: { now: Date; limit: number; after?: string | undefined },
): Promise<{ links: Link[]; next: string | null }> {
  const range = prefixed(`T#${tenant}`, 'L#')
  const from = after === undefined ? range.from : linkEntryKey(tenant, after).SK
  const entries: z.infer<typeof Entry>[] = []
  let next: string | null = null
  for await (const entry of query(table, Entry, { ...range, from, pageSize: limit + 1 })) {
    if (entry.name === after) continue
    if (entries.length === limit) {
      next = entries.at(-1)!.name
      break
    }
    entries.push(entry)
  }
  const links = await readMany(
    table,
    Link,
    entries.map(({ hash }) => linkKey(hash)),
  )
  const alive = links.filter(({ expiresAt }) => Date.parse(expiresAt) > now.getTime())
  return { links: alive.sort((a, b) => (nameOfLink(a) < nameOfLink(b) ? -1 : 1)), next }
}
