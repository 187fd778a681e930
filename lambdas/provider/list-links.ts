import { createRoute, z } from '@hono/zod-openapi'
import { AdminLinksResponse } from '../../shared/api/admin.ts'
import { TenantId } from '../../shared/ids.ts'
import { LinkName } from '../../shared/link.ts'
import { sourceKey } from '../catalogue/keys.ts'
import { listLinks } from '../catalogue/link-list.ts'
import { isLocked, type Link, nameOfLink } from '../catalogue/links.ts'
import { Source } from '../catalogue/sources.ts'
import { readMany } from '../catalogue/table.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from './known-tenant.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/links',
  summary: "A tenant's restore links that have not expired",
  request: { query: z.object({ tenant: TenantId, after: LinkName.optional() }) },
  responses: { 200: jsonAnswer('A page of them, by name', AdminLinksResponse), default: refusal },
})

/** Each may name 50 units and 100 snapshots: an answer of a function has 6 MB at most. */
const pageLength = 25

export function listAllLinks(app: ProviderApp, ports: Ports): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { tenant, after } = c.req.valid('query')
    await knownTenant(ports, tenant)
    const { links, next } = await listLinks(catalogue, tenant, { now: clock(), limit: pageLength, after })
    const sources = await readMany(
      catalogue,
      Source,
      links.map(({ source }) => sourceKey(tenant, source)),
    )
    const names = new Map(sources.map(({ source, name }) => [source, name]))
    const now = clock()
    return c.json({ links: links.map(link => shown(link, names.get(link.source) ?? link.source, now)), next }, 200)
  })
}

function shown(link: Link, sourceName: string, now: Date) {
  const { source, snapshots, units, since, until, addresses, agent, createdAt, expiresAt, uses, used } = link
  return {
    name: nameOfLink(link),
    source,
    sourceName,
    snapshots,
    units,
    since,
    until,
    addresses,
    agent,
    createdAt,
    expiresAt,
    uses,
    used,
    passcode: link.passcode !== null,
    locked: isLocked(link, now),
    revokedAt: link.revokedAt ?? null,
    signedBytes: link.signedBytes,
    byteBudget: link.byteBudget,
  }
}
