import { z } from 'zod'
import { AgentId, Label, SnapshotId, SourceId, TenantId } from '../ids.ts'
import { LinkName, linkScope, Passcode } from '../link.ts'
import { NoticeKind } from '../notice.ts'
import { EngineKind, Instant } from '../snapshot.ts'

/** The provider's API under `/v1/admin`: AWS_IAM, signed with the provider's AWS credentials. */

// POST /v1/admin/tenants · GET /v1/admin/tenants?after= · GET /v1/admin/tenants/{tenant}
export const TenantRequest = z.object({
  tenant: TenantId,
  name: Label,
  minimumDays: z.number().int().min(1).max(36_500).optional(),
  /** Stored bytes; with compliance locks `hardBytes` must be there. */
  softBytes: z.number().int().min(0).optional(),
  hardBytes: z.number().int().min(0).optional(),
})
export const TenantResponse = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
  minimumDays: z.number().int(),
  suspended: z.object({ at: z.iso.datetime(), reason: z.string().nullable() }).nullable(),
})
export const TenantsResponse = z.object({
  tenants: z.array(TenantResponse),
  /** Pass as `after` for the next page. */
  next: TenantId.nullable(),
})

// POST /v1/admin/tenants/{tenant}/suspend · …/resume, POST /v1/admin/agents/{agent}/revoke: a word for the audit
export const ReasonRequest = z.object({ reason: z.string().min(1).max(500).optional() })

// GET /v1/admin/agents?tenant=&after=
export const AdminAgent = z.object({
  agent: AgentId,
  tenant: TenantId,
  name: Label,
  state: z.enum(['active', 'revoked']),
  fingerprint: z.string(),
  customerFingerprint: z.string().nullable(),
  /** Whether the certificate on record is for the key that it has now. */
  certified: z.boolean(),
  /** How often its key was changed. */
  rotations: z.number().int(),
  recipients: z.array(z.string()),
  platform: z.string(),
  uploader: z.string(),
  enrolledAt: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  replacedBy: AgentId.nullable(),
  predecessors: z.array(AgentId),
})
export const AdminAgentsResponse = z.object({
  agents: z.array(AdminAgent),
  /** Pass as `after` for the next page. */
  next: AgentId.nullable(),
})

// POST /v1/admin/tenants/{tenant}/enrol-tokens
export const EnrolTokenRequest = z.object({
  /** The agent whose sources and snapshots the new one gets; it is revoked when the token is used. */
  replaces: AgentId.optional(),
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
export const AdminLinkRequest = z.strictObject({
  tenant: TenantId,
  /** Source id, or its name where it is unique in the tenant. */
  source: z.string().max(100),
  ...linkScope,
  expiresSeconds: z
    .number()
    .int()
    .min(60)
    .max(90 * 86_400),
  uses: z.number().int().min(1).max(10_000).optional(),
  passcode: Passcode.optional(),
})

// GET /v1/admin/links?tenant=&after=  -> a page of those that have not expired, by name
export const AdminLinksResponse = z.object({
  links: z.array(
    z.object({
      name: LinkName,
      source: SourceId,
      sourceName: Label,
      snapshots: z.array(SnapshotId).nullable(),
      units: z.array(z.string()).nullable(),
      since: Instant.nullable(),
      until: Instant.nullable(),
      addresses: z.array(z.string()).nullable(),
      /** The agent that made it; null for the provider. */
      agent: AgentId.nullable(),
      createdAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      uses: z.number().int().nullable(),
      used: z.number().int(),
      passcode: z.boolean(),
      /** Too many wrong passcodes were tried. */
      locked: z.boolean(),
      revokedAt: z.iso.datetime().nullable(),
      /** Bytes that URLs were signed for, and may be signed for at most; null before its first use. */
      signedBytes: z.number().int(),
      byteBudget: z.number().int().nullable(),
    }),
  ),
  /** Pass as `after` for the next page. */
  next: LinkName.nullable(),
})

// GET /v1/admin/sources?tenant=&overdue=&after=
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
      /** The earliest run that is still to come, or that has not come. */
      nextExpected: z.iso.datetime().nullable(),
      /** What is wrong with it or with its host now (`run-late`, `run-missed`, `run-failing`, `agent-silent` …), and since when. */
      open: z.array(z.object({ kind: NoticeKind, mode: z.string().nullable(), since: z.iso.datetime() })),
    }),
  ),
  /** Pass as `after` for the next page. */
  next: z.string().nullable(),
})
