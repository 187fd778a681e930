import { z } from 'zod'
import { AgentId, SnapshotId, SourceId } from '../ids.ts'
import { PublicKey } from '../jws.ts'
import { CommittedSnapshot, EngineKind, Instant } from '../snapshot.ts'

/** The restore API: `authorization: Bearer <link secret>` (with `x-failsafe-passcode` where the link wants one) or an agent's proof. */

// GET /v1/link  -> what this link allows; never consumes a use
export const LinkInfoResponse = z.object({
  source: SourceId,
  sourceName: z.string(),
  tenant: z.string(),
  engine: EngineKind,
  snapshot: SnapshotId.nullable(),
  expiresAt: z.iso.datetime(),
  usesLeft: z.number().int().nullable(),
  passcode: z.boolean(),
})

export const SnapshotProof = z.object({
  method: z.string(),
  level: z.string(),
  outcome: z.string(),
  recordedAt: z.iso.datetime(),
})

export const TimelineSnapshot = CommittedSnapshot.extend({
  agent: AgentId,
  lockedUntil: z.iso.datetime(),
  sourceBytes: z.number().int(),
  sealedBytes: z.number().int(),
  artefacts: z.number().int(),
  proof: SnapshotProof.nullable(),
  warnings: z.array(z.string()),
})
export type TimelineSnapshot = z.infer<typeof TimelineSnapshot>

export const UnitTimeline = z.object({
  unit: z.string(),
  ranges: z.array(z.object({ from: Instant, to: Instant })),
  gaps: z.array(z.object({ from: Instant, to: Instant, reason: z.string() })),
})
export type UnitTimeline = z.infer<typeof UnitTimeline>

// GET /v1/sources/{source}/timeline?limit=&before=  -> newest snapshots first
export const TimelineResponse = z.object({
  source: SourceId,
  sourceName: z.string(),
  engine: EngineKind,
  units: z.array(UnitTimeline),
  snapshots: z.array(TimelineSnapshot),
  runs: z.array(
    z.object({
      run: z.string(),
      outcome: z.string(),
      startedAt: Instant,
      finishedAt: Instant.nullable(),
      message: z.string().nullable(),
    }),
  ),
  /** Pass as `before` for the next page of snapshots. */
  next: z.string().nullable(),
})
export type TimelineResponse = z.infer<typeof TimelineResponse>

// POST /v1/restore-manifests  -> consumes a use of a link
export const RestoreManifestRequest = z.object({
  source: SourceId,
  units: z.array(z.string().max(512)).max(10_000).optional(),
  /** Neither: the latest restorable state. */
  at: Instant.optional(),
  snapshot: SnapshotId.optional(),
})
export const RestoreManifestResponse = z.object({
  id: z.string(),
  source: SourceId,
  sourceName: z.string(),
  engine: EngineKind,
  at: Instant.nullable(),
  expiresAt: z.iso.datetime(),
  /** In the order they are applied. */
  snapshots: z.array(
    z.object({
      snapshot: SnapshotId,
      receivedAt: z.iso.datetime(),
      /** The signed manifest, as committed. */
      manifest: z.string(),
      agent: AgentId,
      agentKey: PublicKey,
      certificate: z.string().nullable(),
    }),
  ),
  bytes: z.number().int(),
  egressCost: z.object({ amount: z.number(), currency: z.string() }),
  /** Pass as `?page=` to GET /v1/restore-manifests/{id} for the rest. */
  next: z.string().nullable(),
})
export type RestoreManifestResponse = z.infer<typeof RestoreManifestResponse>

// POST /v1/restore-manifests/{id}/urls  -> each URL takes GET with any Range
export const PackUrlsRequest = z.object({
  packs: z
    .array(z.object({ snapshot: SnapshotId, pack: z.number().int().min(1) }))
    .min(1)
    .max(100),
})
export const PackUrlsResponse = z.object({
  urls: z.array(z.object({ snapshot: SnapshotId, pack: z.number().int(), url: z.string() })),
  expiresAt: z.iso.datetime(),
})
