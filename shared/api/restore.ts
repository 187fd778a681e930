import { z } from 'zod'
import { AgentId, SnapshotId, SourceId } from '../ids.ts'
import { PublicKey } from '../jws.ts'
import { CommittedSnapshot, EngineKind, Instant, Lane, SnapshotKind, UnitEntry } from '../snapshot.ts'

/** The restore API: `authorization: Bearer <link secret>` (with `x-failsafe-passcode` where the link wants one) or an agent's proof. */

// GET /v1/link  -> what this link allows; never consumes a use
export const LinkInfoResponse = z.object({
  source: SourceId,
  sourceName: z.string(),
  tenant: z.string(),
  engine: EngineKind,
  /** What it is limited to; null for no such limit. `since` and `until` are moments on the engine's clock. */
  snapshots: z.array(SnapshotId).nullable(),
  units: z.array(z.string()).nullable(),
  since: Instant.nullable(),
  until: Instant.nullable(),
  expiresAt: z.iso.datetime(),
  usesLeft: z.number().int().nullable(),
  passcode: z.boolean(),
})
export type LinkInfoResponse = z.infer<typeof LinkInfoResponse>

export const SnapshotProof = z.object({
  method: z.string(),
  level: z.string(),
  outcome: z.string(),
  recordedAt: z.iso.datetime(),
})

export const TimelineSnapshot = CommittedSnapshot.extend({
  /** The first 1,000 units at most; all of those asked for with `unit=`. */
  units: CommittedSnapshot.shape.units,
  unitCount: z.number().int(),
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

// GET /v1/link/uses  -> for the link's holder alone
export const LinkUsesResponse = z.object({
  /** Restores that were planned with the link, newest first, 50 at most. */
  uses: z.array(
    z.object({
      at: z.iso.datetime(),
      /** Where the request came from, as API Gateway saw it. */
      address: z.string().nullable(),
      /** The moment it led to: an instant, the id of a snapshot, or `latest`. */
      what: z.string(),
      snapshots: z.number().int(),
    }),
  ),
  /** False: the tenant's audit is longer than what one answer is worked out from, and older uses may be missing. */
  complete: z.boolean(),
  /** `agent:<id>` or `provider`. */
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
})
export type LinkUsesResponse = z.infer<typeof LinkUsesResponse>

// GET /v1/sources/{source}/timeline?from=&until=&unit=&limit=  -> ranges of a window of time, the newest snapshots, the last runs
//   &before=     -> the next page of snapshots, of all that were ever committed
//   &afterUnit=  -> the next page of units, in the same window
export const TimelineResponse = z.object({
  source: SourceId,
  sourceName: z.string(),
  engine: EngineKind,
  /**
   * What was opened in this time, on the receiver's clock, and the chain that leads into it is what `units` is worked out from. It may start
   * later than was asked where the source holds more than one answer can be worked out from. Null on a page of snapshots.
   */
  window: z.object({ from: z.iso.datetime(), until: z.iso.datetime() }).nullable(),
  units: z.array(UnitTimeline),
  /** Pass as `afterUnit`, with the window of this answer, for the next page of units. */
  nextUnit: z.string().nullable(),
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

const Cost = z.object({ amount: z.number(), currency: z.string() })

// GET /v1/sources/{source}/plan?at=|snapshot=&unit=  -> what a restore manifest would name; consumes no use, signs nothing
//   &page=  -> its next page
export const RestorePlanResponse = z.object({
  /** As in a restore manifest. */
  at: Instant.nullable(),
  of: SnapshotId.nullable(),
  /** In the order they are applied. */
  snapshots: z.array(
    z.object({
      snapshot: SnapshotId,
      kind: SnapshotKind,
      lane: Lane,
      receivedAt: z.iso.datetime(),
      agent: AgentId,
      lockedUntil: z.iso.datetime(),
      sourceBytes: z.number().int(),
      sealedBytes: z.number().int(),
      artefacts: z.number().int(),
      /** It was found bad, and nothing else leads there. */
      doubtful: z.boolean(),
      /** As its host said. Null where it was not looked up: behind the first 100 of a page, but for its last. */
      engineVersion: z.string().nullable(),
      /** What of the units that are wanted lies in it; the first 100 at most. */
      units: z.array(UnitEntry.pick({ unit: true, kind: true, from: true, to: true, covers: true })),
      unitCount: z.number().int(),
      proof: SnapshotProof.nullable(),
    }),
  ),
  /** Of all pages: snapshots, and bytes that lie in the vault. */
  count: z.number().int(),
  bytes: z.number().int(),
  egressCost: Cost,
  /** Pass as `page`, with the same question, for the next page. */
  next: SnapshotId.nullable(),
})
export type RestorePlanResponse = z.infer<typeof RestorePlanResponse>

// POST /v1/restore-manifests  -> consumes a use of a link
export const RestoreManifestRequest = z.object({
  source: SourceId,
  units: z.array(z.string().max(512)).max(10_000).optional(),
  /** Neither: the latest restorable state. */
  at: Instant.optional(),
  snapshot: SnapshotId.optional(),
  /** Chosen by who asks: the same request asked again, as its answer was lost, gets the same restore manifest and consumes one use. */
  idempotencyKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,64}$/)
    .optional(),
})
export const RestoreManifestResponse = z.object({
  id: z.string(),
  source: SourceId,
  sourceName: z.string(),
  engine: EngineKind,
  /** The moment it leads to; null for the latest state and for that of a snapshot. A link that ends at a moment leads there. */
  at: Instant.nullable(),
  /** The snapshot whose state it leads to: the one asked for, or the newest that the link allows. */
  of: SnapshotId.nullable(),
  /** The units that a link limits it to; null when it is about all, or about those asked for. */
  units: z.array(z.string()).nullable(),
  expiresAt: z.iso.datetime(),
  /** Snapshots of this restore that a verify or a drill found bad, as nothing else leads there; every byte is checked in any case. */
  doubtful: z.array(SnapshotId),
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
      /** `failsafe.succession/1`, oldest first: how `agentKey` descends from the key that the agent enrolled with. */
      succession: z.array(z.string()).default([]),
    }),
  ),
  bytes: z.number().int(),
  egressCost: Cost,
  /** Pass as `?page=` to GET /v1/restore-manifests/{id} for the rest. */
  next: z.string().nullable(),
})
export type RestoreManifestResponse = z.infer<typeof RestoreManifestResponse>

// POST /v1/restore-manifests/{id}/urls  -> each URL takes GET with any Range
export const PackUrlsRequest = z.object({
  packs: z
    .array(z.object({ snapshot: SnapshotId, pack: z.number().int().min(1) }))
    .min(1)
    .max(64),
})
export const PackUrlsResponse = z.object({
  urls: z.array(z.object({ snapshot: SnapshotId, pack: z.number().int(), url: z.string() })),
  expiresAt: z.iso.datetime(),
})
