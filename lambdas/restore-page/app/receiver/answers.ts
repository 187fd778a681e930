import type { z } from 'zod'
import type {
  LinkInfoResponse,
  SnapshotProof,
  TimelineResponse,
  TimelineSnapshot,
} from '../../../../shared/api/restore.ts'

/** What the receiver answers, as types alone: the schemas, and the library that reads them, stay out of the first load. */
export type LinkInfo = z.infer<typeof LinkInfoResponse>
export type Timeline = TimelineResponse
export type Snapshot = TimelineSnapshot
export type Proof = z.infer<typeof SnapshotProof>

/** GET /v1/sources/{source}/plan: one page of what a restore would take; asking consumes no use. */
export interface Plan {
  at: string | null
  of: string | null
  /** In the order they are applied. */
  snapshots: PlannedSnapshot[]
  /** Of the whole plan, and its sealed bytes. */
  count: number
  bytes: number
  egressCost: { amount: number; currency: string }
  /** Pass as `page` for the rest. */
  next: string | null
}

export interface PlannedSnapshot {
  snapshot: string
  kind: Snapshot['kind']
  lane: Snapshot['lane']
  receivedAt: string
  agent: string
  lockedUntil: string
  sourceBytes: number
  sealedBytes: number
  artefacts: number
  /** A verify or a drill found it bad, and nothing else leads there. */
  doubtful: boolean
  engineVersion: string | null
  /** The first hundred. */
  units: {
    unit: string
    kind: Snapshot['kind']
    from: { stream: string; at: string } | null
    to: { stream: string; at: string }
    covers: { from: string; to: string }
  }[]
  unitCount: number
  proof: Proof | null
}

/** GET /v1/link/uses: who used the link, newest first. */
export interface LinkUses {
  uses: {
    at: string
    address: string | null
    /** The moment it led to: an instant, the id of a snapshot, or `latest`. */
    what: string
    snapshots: number
  }[]
  /** False: older uses may be missing. */
  complete: boolean
  /** `agent:<id>` or `provider`. */
  createdBy: string
  createdAt: string
}

/** What a restore manifest says of itself and its snapshots, as far as the offline bundle needs it. */
export interface RestoreManifest {
  id: string
  expiresAt: string
  snapshots: { snapshot: string; manifest: string }[]
  next: string | null
}
