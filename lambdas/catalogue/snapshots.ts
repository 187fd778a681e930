import { z } from 'zod'
import { SnapshotProof } from '../../shared/api/restore.ts'
import { AgentId, RunId, SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { Sha256 } from '../../shared/manifest.ts'
import { Position } from '../../shared/position.ts'
import { EngineKind, Lane, SnapshotKind } from '../../shared/snapshot.ts'
import { snapshotKey } from './keys.ts'
import { read, type Table } from './table.ts'

/** How a log lies in the log history of its source, worked out at commit (continuity.ts). */
export const LogChain = z.object({
  logs: z.number().int(),
  since: z.iso.datetime(),
  broken: z.array(z.object({ unit: z.string(), reason: z.string(), from: Position })),
  brokenCount: z.number().int(),
})
export type LogChain = z.infer<typeof LogChain>

const opened = {
  snapshot: SnapshotId,
  source: SourceId,
  tenant: TenantId,
  agent: AgentId,
  engine: EngineKind,
  lane: Lane,
  kind: SnapshotKind,
  run: RunId,
  /** The token of the lease it was opened with. */
  lease: z.string(),
  /** The lane's head when it was opened: it must still be that when the commit begins. */
  head: SnapshotId.nullable(),
  partSize: z.number().int(),
  expectedBytes: z.number().int(),
  openedAt: z.iso.datetime(),
}

/** Decided once, when the commit begins: whoever finishes it comes to the same result. */
const committing = {
  ...opened,
  receivedAt: z.iso.datetime(),
  lockedUntil: z.iso.datetime(),
  lockMode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
  minimumDays: z.number().int(),
  /** Of the JWS: another manifest is refused from here on. */
  manifestSha256: Sha256,
}

const committed = {
  ...committing,
  /** JSON lines, when they are short; otherwise they lie in chunks beside the packs (units.ts). */
  units: z.string().optional(),
  unitChunks: z.number().int(),
  /** The manifest's claims, and `storedBytes`: the sizes of its packs, as S3 confirmed them. */
  totals: z.object({
    artefacts: z.number().int(),
    sourceBytes: z.number().int(),
    sealedBytes: z.number().int(),
    storedBytes: z.number().int(),
  }),
  warnings: z.array(z.string()),
  proof: SnapshotProof.optional(),
  bad: z.boolean().optional(),
  /** Versions of its objects under `meta/`: locked, extended and deleted like the packs. */
  metaVersions: z.object({ manifest: z.string(), units: z.string(), receipt: z.string() }).optional(),
  /** For a log: what it continues. */
  chain: LogChain.optional(),
  /** Packs were begun that its manifest does not name: the janitor removes them. */
  strays: z.boolean().optional(),
}

export const Snapshot = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), ...opened }),
  z.object({ state: z.literal('committing'), ...committing }),
  z.object({ state: z.literal('committed'), ...committed }),
  /** Past its retention: nobody is shown it any more, and it is deleted once the tombstone's time and the lock are over. */
  z.object({
    state: z.literal('tombstoned'),
    ...committed,
    tombstonedAt: z.iso.datetime(),
    /** From here on it cannot come back. */
    deletingSince: z.iso.datetime().optional(),
  }),
  z.object({ state: z.literal('abandoned'), ...opened, reason: z.string() }),
])
export type Snapshot = z.infer<typeof Snapshot>
export type SnapshotIn<State extends Snapshot['state']> = Extract<Snapshot, { state: State }>
export type Committed = SnapshotIn<'committed'>

/** Its id does not say on which lane it is. */
export async function findSnapshot(table: Table, snapshot: SnapshotId): Promise<Snapshot | undefined> {
  const [data, log] = await Promise.all([
    read(table, Snapshot, snapshotKey(snapshot, 'data')),
    read(table, Snapshot, snapshotKey(snapshot, 'log')),
  ])
  return data ?? log
}
