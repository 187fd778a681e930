import { z } from 'zod'
import { SnapshotId } from './ids.ts'
import { Position } from './position.ts'

export const EngineKind = z.enum(['mysql', 'sqlserver', 'oracle', 'domino', 'exchange'])
export type EngineKind = z.infer<typeof EngineKind>

export const SnapshotKind = z.enum(['full', 'differential', 'log'])
export type SnapshotKind = z.infer<typeof SnapshotKind>

/** A source has two lanes, each with its own head and lease: `data` (full, differential) and `log`. */
export const Lane = z.enum(['data', 'log'])
export type Lane = z.infer<typeof Lane>

export function laneOf(kind: SnapshotKind): Lane {
  return kind === 'log' ? 'log' : 'data'
}

/** RFC 3339 with an offset: the engine's clock, claimed by the host. */
export const Instant = z.iso.datetime({ offset: true })

/**
 * What one snapshot holds of one unit.
 * - `base`: the snapshot a differential was taken on; null for a full and for logs (a log belongs to its stream, not to a full).
 * - `from`: the position the content starts at. For a full: the first log position needed to roll it forward.
 * - `to`: the position the content is complete up to. A full is restorable from here on.
 * - `covers`: the same span on the engine's clock.
 * - `info`: what the engine wants to know of it later. Under `selection`, in words: what of the unit was chosen, where not everything of it was.
 */
export const UnitEntry = z.object({
  unit: z.string().min(1).max(512),
  kind: SnapshotKind,
  base: SnapshotId.nullable(),
  from: Position.nullable(),
  to: Position,
  covers: z.object({ from: Instant, to: Instant }),
  info: z.record(z.string(), z.string()).optional(),
})
export type UnitEntry = z.infer<typeof UnitEntry>

/** A committed snapshot, as the planner and the lanes' heads see it. `receivedAt` is the receiver's clock. */
export const CommittedSnapshot = z.object({
  snapshot: SnapshotId,
  lane: Lane,
  kind: SnapshotKind,
  receivedAt: z.iso.datetime(),
  units: z.array(UnitEntry),
  /** A verify or a drill found it unreadable: the planner goes round it. */
  bad: z.boolean().optional(),
})
export type CommittedSnapshot = z.infer<typeof CommittedSnapshot>

export const LaneHeads = z.object({ data: CommittedSnapshot.nullable(), log: CommittedSnapshot.nullable() })
export type LaneHeads = z.infer<typeof LaneHeads>

export const RunOutcome = z.enum([
  'running',
  'succeeded',
  'succeeded-with-warnings',
  'failed',
  'failed-source-advanced',
  'missed',
  'cancelled',
  'skipped',
])
export type RunOutcome = z.infer<typeof RunOutcome>
