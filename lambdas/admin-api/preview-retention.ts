import { createRoute, z } from '@hono/zod-openapi'
import { RetentionPreview } from '../../shared/api/retention.ts'
import { SourceId, TenantId } from '../../shared/ids.ts'
import type { Verdict } from '../../shared/retention-plan.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import { judgeSource } from '../retention/judge-source.ts'
import { deletableFrom } from '../retention/tombstone-days.ts'
import type { AdminApp } from './app.ts'
import { knownSource } from './known-source.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}/sources/{source}/retention',
  summary: "What the janitor's next pass would keep of a source, and why, and what goes when. Changes nothing",
  request: {
    params: z.object({ tenant: TenantId, source: SourceId }),
    query: z.object({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(5000).default(2000),
    }),
  },
  responses: { 200: jsonAnswer('A page of the snapshots, with the totals of all', RetentionPreview), default: refusal },
})

export function previewRetention(app: AdminApp, ports: Ports): void {
  app.openapi(route, async c => {
    const { tenant: tenantId, source: sourceId } = c.req.valid('param')
    const { after, limit } = c.req.valid('query')
    const tenant = await knownTenant(ports, tenantId)
    const source = await knownSource(ports, tenantId, sourceId)
    const now = ports.clock()
    const { policy, history, verdicts } = await judgeSource(ports.catalogue, tenant, source, now)
    const totals = { kept: none(), needed: none(), going: none() }
    for (const verdict of verdicts) {
      const total = totals[fateOf(verdict)]
      total.snapshots += 1
      total.bytes += history.stored.get(verdict.snapshot)!.storedBytes
    }
    const snapshots = verdicts.slice(after, after + limit).map(verdict => {
      const item = history.stored.get(verdict.snapshot)!
      const { snapshot, kind, receivedAt, lockedUntil } = item
      return {
        snapshot,
        kind,
        receivedAt,
        lockedUntil,
        bytes: item.storedBytes,
        rules: verdict.rules,
        neededBy: verdict.need?.by ?? null,
        tombstonedAt: item.tombstonedAt ?? null,
        goesOn: fateOf(verdict) === 'going' ? new Date(deletableFrom(item, now)).toISOString() : null,
      }
    })
    return c.json(
      {
        tenant: tenant.tenant,
        source: source.source,
        sourceName: source.name,
        at: now.toISOString(),
        own: source.retention !== undefined,
        retention: policy,
        paused: tenant.state === 'suspended',
        totals,
        snapshots,
        next: after + limit < verdicts.length ? after + limit : null,
      },
      200,
    )
  })
}

function fateOf({ rules, need }: Verdict): 'kept' | 'needed' | 'going' {
  if (rules.length > 0) return 'kept'
  return need === undefined ? 'going' : 'needed'
}

const none = () => ({ snapshots: 0, bytes: 0 })
