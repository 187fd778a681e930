import { createRoute, z } from '@hono/zod-openapi'
import { Month, UsageResponse, type UsageRow } from '../../shared/api/usage.ts'
import { TenantId } from '../../shared/ids.ts'
import { monthOf } from '../catalogue/audit.ts'
import { tenantIds } from '../catalogue/tenants.ts'
import { gbMonths, listUsage, type MonthUsage } from '../catalogue/usage.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from './known-tenant.ts'
import { cursorAfter, lastOfAll, names, parseCursor } from './place-cursor.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/usage',
  summary: 'What each source stored and moved in a month',
  request: {
    query: z.object({ month: Month.optional(), tenant: TenantId.optional(), after: z.string().max(100).optional() }),
  },
  responses: { 200: jsonAnswer('A page of it', UsageResponse), default: refusal },
})

const pageLength = 1000
const tenantsPerPage = 500

export function readUsage(app: ProviderApp, ports: Ports): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { month = monthOf(clock().toISOString()), tenant, after } = c.req.valid('query')
    if (tenant !== undefined) await knownTenant(ports, tenant)
    const last = parseCursor(after, names.source)
    const rows: UsageRow[] = []
    let tenants = 0
    for await (const id of tenant === undefined ? tenantIds(catalogue, last?.tenant ?? undefined) : [tenant]) {
      for await (const usage of listUsage(catalogue, id, month, id === last?.tenant ? last.name : undefined)) {
        rows.push(rowOf(id, usage))
        if (rows.length < pageLength) continue
        return c.json({ month, rows, next: cursorAfter({ tenant: id, name: usage.source }) }, 200)
      }
      if (++tenants < tenantsPerPage) continue
      return c.json({ month, rows, next: cursorAfter({ tenant: id, name: lastOfAll }) }, 200)
    }
    return c.json({ month, rows, next: null }, 200)
  })
}

function rowOf(tenant: TenantId, usage: MonthUsage): UsageRow {
  const { source, name, bytes, peakBytes, uploadedBytes, downloadedBytes, snapshots, restores, measuredAt } = usage
  return {
    tenant,
    source,
    name,
    gbMonths: gbMonths(usage),
    storedBytes: bytes,
    peakBytes,
    uploadedBytes,
    downloadedBytes,
    snapshots,
    restores,
    measuredAt,
  }
}
