import { monotonicFactory } from 'ulid'
import { z } from 'zod'

/**
 * Ids are issued by the receiver and say where they live:
 * agent `<tenant>.<ulid>` · source `<ulid>` · snapshot `<source>.<ulid>`.
 * Names are labels; nothing is ever looked up by name across owners.
 */
const ulid = '[0-9A-HJKMNP-TV-Z]{26}'

export const TenantId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'a tenant id is 1 to 40 of a-z, 0-9 and inner hyphens')
export const AgentId = z
  .string()
  .regex(new RegExp(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\\.${ulid}$`), 'not an agent id')
export const SourceId = z.string().regex(new RegExp(`^${ulid}$`), 'not a source id')
export const SnapshotId = z.string().regex(new RegExp(`^${ulid}\\.${ulid}$`), 'not a snapshot id')
export const RunId = z.string().regex(new RegExp(`^${ulid}$`), 'not a run id')
export type TenantId = z.infer<typeof TenantId>
export type AgentId = z.infer<typeof AgentId>
export type SourceId = z.infer<typeof SourceId>
export type SnapshotId = z.infer<typeof SnapshotId>
export type RunId = z.infer<typeof RunId>

/** A label that people choose: printable, 1 to 64 characters, no path or control characters. */
export const Label = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'use letters, digits, space, dot, underscore and hyphen')

/** A new ULID; ids made in one process in the same millisecond still sort in the order they were made. */
export const newUlid: (time?: number) => string = monotonicFactory()

export function tenantOf(agent: AgentId): TenantId {
  return agent.slice(0, agent.indexOf('.'))
}

export function sourceOf(snapshot: SnapshotId): SourceId {
  return snapshot.slice(0, snapshot.indexOf('.'))
}

/** The part of a snapshot id that is unique within its source; it sorts by the receiver's time of opening. */
export function ulidOf(snapshot: SnapshotId): string {
  return snapshot.slice(snapshot.indexOf('.') + 1)
}
