import { z } from 'zod'
import { AgentId, Label, RunId, SnapshotId, SourceId, TenantId } from '../ids.ts'
import { PublicKey } from '../jws.ts'
import { LinkName, linkScope, Passcode } from '../link.ts'
import { manifestLimit, Pack, packLimit, Sha256 } from '../manifest.ts'
import { CronExpression, TimeZone } from '../schedule.ts'
import { EngineKind, Instant, Lane, LaneHeads, RunOutcome, SnapshotKind } from '../snapshot.ts'

/** The agent API, call by call. Every request but the enrolment carries a proof of the agent (`proof.ts`). */

// POST /v1/enrolments, proof signed with the new key and `kid` = its fingerprint, `aud` = the token's first half
export const EnrolRequest = z.object({
  /** `<receiver id>.<secret>` as the provider handed it out. */
  token: z.string().max(200),
  name: Label,
  publicKey: PublicKey,
  certificate: z.string().max(4096).optional(),
  /** The customer's public key, recorded so that a later change is noticed. */
  customerKey: PublicKey.optional(),
  recipients: z.array(z.string().max(200)).min(1).max(10),
  platform: z.string().max(100),
  uploader: z.string().max(100),
})
export const EnrolResponse = z.object({ agent: AgentId, tenant: TenantId, receiver: z.string(), name: Label })

// PUT /v1/agent/certificate: the customer key's word for the key that this agent has now
export const CertificateRequest = z.object({ certificate: z.string().max(4096), customerKey: PublicKey })
export const CertificateResponse = z.object({ agent: AgentId, fingerprint: z.string() })

// POST /v1/agent/key, proof signed with the old key; or with the new one, when the answer was lost and the same is asked again
export const RotateRequest = z.object({
  publicKey: PublicKey,
  /** `failsafe.succession/1` by the old key, some 700 characters, and the same claims by the new one (`succession.ts`). */
  succession: z.string().max(1024),
  possession: z.string().max(4096),
  certification: CertificateRequest.optional(),
})
export const RotateResponse = z.object({ agent: AgentId, fingerprint: z.string() })

// PUT /v1/sources/{name}
export const SourceRequest = z.object({
  engine: EngineKind,
  /** Cron expressions of five fields; left out: as it was, `{}`: none. The watchdog expects runs by them. */
  schedule: z.partialRecord(SnapshotKind, CronExpression).optional(),
  timeZone: TimeZone.optional(),
  /** By how much the host spreads its runs after each moment, so that not all come at once. */
  jitterSeconds: z
    .number()
    .int()
    .min(0)
    .max(6 * 3600)
    .optional(),
})
export const SourceResponse = z.object({
  source: SourceId,
  name: Label,
  retention: z.object({ minimumDays: z.number().int().min(1) }),
})

// GET /v1/sources  -> the caller's own
export const SourcesResponse = z.object({
  sources: z.array(z.object({ source: SourceId, name: Label, engine: EngineKind, createdAt: z.iso.datetime() })),
})

/** Why the next run on the log lane has to be a full one. Engines never see it: the run asks them for a full. */
export const Promotion = z.object({
  code: z.enum(['CHAIN_BROKEN', 'CHAIN_TOO_LONG', 'HOST_REPLACED']),
  reason: z.string(),
})
export type Promotion = z.infer<typeof Promotion>

// GET /v1/sources/{source}/heads
export const HeadsResponse = LaneHeads.extend({ promote: Promotion.nullable() })

// POST /v1/snapshots  -> on the log lane `promotion-needed` with {promote} while there is one
export const OpenRequest = z.object({
  source: SourceId,
  lane: Lane,
  kind: SnapshotKind,
  /** Chosen by the agent and journalled before the call: the same run asked again gets the same snapshot and lease. */
  run: RunId,
  expectedBytes: z.number().int().min(0),
})
export const OpenResponse = z.object({
  snapshot: SnapshotId,
  lease: z.object({ token: z.string(), until: z.iso.datetime() }),
  heads: LaneHeads,
  promote: Promotion.nullable(),
  partSize: z.number().int(),
  limits: z.object({ partsPerPack: z.number().int(), partsPerWindow: z.number().int() }),
})

const leased = { lease: z.string().min(16).max(100) }

// POST /v1/snapshots/{snapshot}/renew
export const RenewRequest = z.object(leased)
export const RenewResponse = z.object({ until: z.iso.datetime() })

export const Part = z.object({
  pack: z.number().int().min(1).max(packLimit),
  number: z.number().int().min(1).max(1000),
  size: z
    .number()
    .int()
    .min(1)
    .max(5 * 1024 ** 3),
  sha256: Sha256,
})
export type Part = z.infer<typeof Part>

// POST /v1/snapshots/{snapshot}/parts
export const PartsRequest = z.object({ ...leased, parts: z.array(Part).min(1).max(64) })
export const PartsResponse = z.object({
  /** Each URL takes a PUT with exactly these headers, body of exactly this size and SHA-256. */
  urls: z.array(
    z.object({
      pack: z.number().int(),
      number: z.number().int(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
    }),
  ),
  expiresAt: z.iso.datetime(),
})

// GET /v1/snapshots/{snapshot}/packs/{n}/parts  -> what S3 already has
export const PackPartsResponse = z.object({
  /** `closed`: S3 takes no more parts of it, and completing it tells whether it is whole. */
  state: z.enum(['none', 'open', 'closed', 'complete']),
  parts: z.array(z.object({ number: z.number().int(), size: z.number().int(), sha256: Sha256 })),
})

// POST /v1/snapshots/{snapshot}/packs/{n}/complete  -> idempotent
export const CompleteRequest = z.object({ ...leased, pack: Pack })
export const CompleteResponse = z.object({ state: z.literal('complete') })

// POST /v1/snapshots/{snapshot}/commit  -> 200 committed, or 202 committing: ask again
export const CommitRequest = z.object({ ...leased, manifest: z.string().max(manifestLimit) })
export const CommitResponse = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('committed'),
    receivedAt: z.iso.datetime(),
    lockedUntil: z.iso.datetime(),
    warnings: z.array(z.string()),
  }),
  z.object({ state: z.literal('committing') }),
])

// POST /v1/snapshots/{snapshot}/proofs
export const ProofRequest = z.object({
  method: z.enum(['verify', 'drill']),
  /**
   * `stored`: hashes and signature; `kit`: a recovery kit opens the index; `opened`: every artefact opened with the identity;
   * `restored`: loaded into an engine.
   */
  level: z.enum(['stored', 'kit', 'opened', 'restored']),
  outcome: z.enum(['passed', 'failed']),
  detail: z.string().max(2000).optional(),
})
export const ProofResponse = z.object({ recordedAt: z.iso.datetime() })

// DELETE /v1/snapshots/{snapshot}?lease=…  -> abort an open one
export const AbortResponse = z.object({ state: z.literal('abandoned') })

// POST /v1/runs
export const RunRequest = z.object({
  source: SourceId,
  run: RunId,
  outcome: RunOutcome,
  requested: z.string().max(20),
  startedAt: Instant,
  finishedAt: Instant.optional(),
  snapshot: SnapshotId.optional(),
  code: z.string().max(100).optional(),
  message: z.string().max(2000).optional(),
  warnings: z.array(z.string().max(1000)).max(50).optional(),
})
export const RunResponse = z.object({ recordedAt: z.iso.datetime() })

// POST /v1/links
/** Strict: a limit that this version does not know is refused, never left out. */
export const LinkRequest = z.strictObject({
  source: SourceId,
  ...linkScope,
  expiresSeconds: z.number().int().min(60).max(86_400),
  uses: z.number().int().min(1).max(1000).optional(),
  passcode: Passcode.optional(),
})
export const LinkResponse = z.object({
  /** What people and the audit call it; it opens nothing. */
  name: LinkName,
  /** `<receiver>/r#<secret>`; the secret is nowhere else, also not at the receiver. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
})

// DELETE /v1/links/{name} · DELETE /v1/link, by its holder  -> idempotent
export const LinkRevokedResponse = z.object({ name: LinkName, revokedAt: z.iso.datetime() })

// GET /v1/receiver, unsigned: who answers, and its clock
export const ReceiverResponse = z.object({ receiver: z.string(), name: z.string(), time: z.iso.datetime() })
