import { z } from 'zod'
import { AgentId, Label, RunId, SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { PublicKey } from '../../shared/jws.ts'
import { Pack, Sha256 } from '../../shared/manifest.ts'
import { EngineKind, Lane, SnapshotKind } from '../../shared/snapshot.ts'

/**
 * What the receiver itself says at commit (`commit.json`). The catalogue can be made anew from receipts, and from nothing else. It holds no
 * time but `receivedAt`, so that a commit finished later writes the very same bytes.
 */
export const Receipt = z.object({
  format: z.literal('failsafe.receipt/1'),
  receiver: z.string(),
  tenant: TenantId,
  source: SourceId,
  sourceName: Label,
  engine: EngineKind,
  snapshot: SnapshotId,
  run: RunId,
  lane: Lane,
  kind: SnapshotKind,
  openedAt: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  lock: z.object({ mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), until: z.iso.datetime() }),
  retention: z.object({ minimumDays: z.number().int() }),
  agent: z.object({
    id: AgentId,
    name: Label,
    key: PublicKey,
    certificate: z.string().nullable(),
    customerKey: PublicKey.nullable(),
    /** How `key` descends from the key the agent enrolled with (`failsafe.succession/1`, oldest first). */
    succession: z.array(z.string()).default([]),
  }),
  packs: z.array(Pack.extend({ key: z.string(), versionId: z.string() })),
  manifest: z.object({ key: z.string(), versionId: z.string(), sha256: Sha256 }),
  units: z.object({ key: z.string(), versionId: z.string(), sha256: Sha256, count: z.number().int() }),
  warnings: z.array(z.string()),
})
export type Receipt = z.infer<typeof Receipt>
