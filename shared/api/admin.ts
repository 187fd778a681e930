import { z } from 'zod'
import { AgentId, Label, SnapshotId, SourceId, TenantId } from '../ids.ts'
import { EngineKind } from '../snapshot.ts'

/** The provider's API under `/v1/admin`: AWS_IAM, signed with the provider's AWS credentials. */

// POST /v1/admin/tenants · GET /v1/admin/tenants · GET /v1/admin/tenants/{tenant}
export const TenantRequest = z.object({
  tenant: TenantId,
  name: Label,
  minimumDays: z.number().int().min(1).max(36_500).optional(),
})
export const TenantResponse = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
  minimumDays: z.number().int(),
})
export const TenantsResponse = z.object({ tenants: z.array(TenantResponse) })

// POST /v1/admin/tenants/{tenant}/enrol-tokens
export const EnrolTokenRequest = z.object({
  expiresSeconds: z
    .number()
    .int()
    .min(60)
    .max(7 * 86_400)
    .optional(),
})
export const EnrolTokenResponse = z.object({
  /** `<receiver url>#<receiver id>.<secret>`: what `failsafe enrol` takes. */
  enrol: z.string(),
  expiresAt: z.iso.datetime(),
})

// POST /v1/admin/links
export const AdminLinkRequest = z.object({
  tenant: TenantId,
  /** Source id, or its name where it is unique in the tenant. */
  source: z.string().max(100),
  snapshot: SnapshotId.optional(),
  expiresSeconds: z
    .number()
    .int()
    .min(60)
    .max(90 * 86_400),
  uses: z.number().int().min(1).max(10_000).optional(),
  passcode: z.string().min(4).max(100).optional(),
})

// GET /v1/admin/sources?tenant=
export const AdminSourcesResponse = z.object({
  sources: z.array(
    z.object({
      tenant: TenantId,
      source: SourceId,
      name: Label,
      engine: EngineKind,
      agent: AgentId,
      agentName: z.string(),
      lastSeen: z.iso.datetime().nullable(),
      lastSnapshot: SnapshotId.nullable(),
      lastReceivedAt: z.iso.datetime().nullable(),
    }),
  ),
})
