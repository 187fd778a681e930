import { createHash } from 'node:crypto'
import {
  type AgentId,
  type SnapshotId,
  type SourceId,
  sourceOf,
  type TenantId,
  tenantOf,
  ulidOf,
} from '../../shared/ids.ts'
import type { Lane } from '../../shared/snapshot.ts'
import type { Key } from './table.ts'

/** Where each noun lives (docs: formats, "Catalogue"). */
export const tenantKey = (tenant: TenantId): Key => ({ PK: `T#${tenant}`, SK: 'META' })
/** All tenants of the receiver, for the provider's list. */
export const tenantEntryKey = (tenant: TenantId): Key => ({ PK: 'TENANTS', SK: `T#${tenant}` })
export const agentKey = (agent: AgentId): Key => ({ PK: `T#${tenantOf(agent)}`, SK: `A#${ulidOf(agent)}` })
export const sourceKey = (tenant: TenantId, source: SourceId): Key => ({ PK: `T#${tenant}`, SK: `S#${source}` })
/** Keeps a source's name unique among its agent's. */
export const sourceNameKey = (agent: AgentId, name: string): Key => ({
  PK: `T#${tenantOf(agent)}`,
  SK: `SN#${ulidOf(agent)}#${name}`,
})
export const laneKey = (source: SourceId, lane: Lane): Key => ({ PK: `S#${source}`, SK: `LANE#${lane}` })

export const lanePrefix = { data: 'D#', log: 'L#' } as const satisfies Record<Lane, string>
export const snapshotKey = (snapshot: SnapshotId, lane: Lane): Key => ({
  PK: `S#${sourceOf(snapshot)}`,
  SK: `${lanePrefix[lane]}${ulidOf(snapshot)}`,
})
export const contentKey = (snapshot: SnapshotId): string => `N#${snapshot}`
export const packKey = (snapshot: SnapshotId, n: number): Key => ({ PK: contentKey(snapshot), SK: `P#${padded(n)}` })
export const manifestKey = (snapshot: SnapshotId): Key => ({ PK: contentKey(snapshot), SK: 'MANIFEST' })
export const unitsKey = (snapshot: SnapshotId, chunk: number): Key => ({
  PK: contentKey(snapshot),
  SK: `U#${padded(chunk)}`,
})
export const runKey = (source: SourceId, run: string): Key => ({ PK: `S#${source}`, SK: `R#${run}` })
/** What was found of a snapshot in one way, with one result: `verify#stored#passed`. */
export const proofKey = (snapshot: SnapshotId, result: string): Key => ({ PK: contentKey(snapshot), SK: `V#${result}` })

export const linkKey = (hash: string): Key => ({ PK: `L#${hash}`, SK: 'META' })
export const enrolTokenKey = (hash: string): Key => ({ PK: `E#${hash}`, SK: 'META' })
export const consoleKey = (hash: string): Key => ({ PK: `O#${hash}`, SK: 'META' })
export const nonceKey = (hash: string): Key => ({ PK: `J#${hash}`, SK: 'META' })
/** How often one who asks did so in one minute, and what an agent fetched in one day. */
export const rateKey = (who: string, minute: string): Key => ({ PK: `Q#${who}#${minute}`, SK: 'META' })
export const downloadsKey = (agent: AgentId, day: string): Key => ({ PK: `B#${agent}#${day}`, SK: 'META' })
/** A tenant's list of links: by the name that people call them. */
export const linkEntryKey = (tenant: TenantId, name: string): Key => ({ PK: `T#${tenant}`, SK: `L#${name}` })
/** A source's retention chore. */
export const keepKey = (source: SourceId): Key => ({ PK: `S#${source}`, SK: 'KEEP' })
/** What a source stored and moved in a month (`yyyymm`). */
export const usageKey = (tenant: TenantId, month: string, source: SourceId): Key => ({
  PK: `T#${tenant}`,
  SK: `U#${month}#${source}`,
})
/** What a source stores, as last measured, and what was signed for it since. */
export const measuredKey = (tenant: TenantId, source: SourceId): Key => ({ PK: `T#${tenant}`, SK: `B#${source}` })
/** What a tenant stores, as last measured: quotas are checked against it. */
export const storedKey = (tenant: TenantId): Key => ({ PK: `T#${tenant}`, SK: 'STORED' })
/** Conditions, notices and audit of a tenant, or with null of the receiver itself. */
export const ownerPartition = (tenant: TenantId | null) => (tenant === null ? 'RECEIVER' : `T#${tenant}`)
export const conditionKey = (tenant: TenantId | null, kind: string, subject: string): Key => ({
  PK: ownerPartition(tenant),
  SK: `C#${kind}#${subject}`,
})
export const noticePartition = (tenant: TenantId | null) => `${ownerPartition(tenant)}#OUT`
export const noticeKey = (tenant: TenantId | null, id: string): Key => ({ PK: noticePartition(tenant), SK: id })
/** When the watchdog last passed. */
export const watchdogKey: Key = { PK: 'WATCHDOG', SK: 'META' }
export const webhookKey = (id: string): Key => ({ PK: 'WEBHOOKS', SK: `W#${id}` })
export const restoreManifestKey = (id: string): Key => ({ PK: `M#${id}`, SK: 'META' })
export const restoreChunkKey = (id: string, chunk: number): Key => ({ PK: `M#${id}`, SK: `C#${padded(chunk)}` })
/** A run of its snapshots by id, from this ULID on. */
export const restoreIndexKey = (id: string, ulid: string): Key => ({ PK: `M#${id}`, SK: `I#${ulid}` })
export const auditKey = (tenant: TenantId | null, month: string, ulid: string): Key => ({
  PK: `${ownerPartition(tenant)}#AUDIT#${month}`,
  SK: ulid,
})

/** The catalogue never holds a secret, only this. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** TTL attributes are epoch seconds. */
export function ttl(instant: string | Date): number {
  return Math.ceil(new Date(instant).getTime() / 1000)
}

function padded(n: number): string {
  return String(n).padStart(6, '0')
}
