import { z } from 'zod'
import type { TenantId } from '../../shared/ids.ts'
import { Agent } from '../catalogue/agents.ts'
import { Source } from '../catalogue/sources.ts'
import { Tenant } from '../catalogue/tenants.ts'

/**
 * What the provider and its agents set up for one tenant (`tenant.json`), so that a catalogue can be made anew: what no receipt says. It holds no
 * secret and no hash of one: tokens, links and webhooks are made again. When who was last seen changes every minute, and the last snapshot is
 * what receipts say.
 */
export const TenantExport = z.object({
  format: z.literal('failsafe.tenant/1'),
  receiver: z.string(),
  exportedAt: z.iso.datetime(),
  tenant: Tenant,
  agents: z.array(Agent.omit({ lastSeen: true })),
  sources: z.array(Source.omit({ lastSnapshot: true, lastReceivedAt: true })),
})
export type TenantExport = z.infer<typeof TenantExport>

export const tenantExportKey = (tenant: TenantId) => `meta/${tenant}/tenant.json`
