import { z } from 'zod'
import { SnapshotId } from '../../shared/ids.ts'
import { Lane, SnapshotKind } from '../../shared/snapshot.ts'
import { Mode } from './plan.ts'

const Instant = z.iso.datetime()

/** One mode's next word: the earliest expected moment that nothing has met yet. */
export const Expected = z.object({
  expected: Instant,
  /** The moment since which it is late, or since which runs are missed; null for neither. A condition is raised only where it says so. */
  late: Instant.nullable(),
  missed: Instant.nullable(),
})
export type Expected = z.infer<typeof Expected>

/** How large the snapshots of one kind are. */
export const Level = z.object({
  /** Stored bytes of the last of usual size, oldest first. */
  usual: z.array(z.number()),
  /** Those in a row that are not, oldest first; empty when the newest is as usual. */
  odd: z.array(z.number()),
})
export type Level = z.infer<typeof Level>

/** What the watchdog knows of a source from its last look. Nobody else writes it. */
export const Ledger = z.object({
  /** `scheduledAt` of the source then: another one means that the schedule has changed since. */
  scheduledAt: Instant.nullable(),
  modes: z.partialRecord(Mode, Expected),
  /** The newest receipt of each kind. */
  received: z.partialRecord(SnapshotKind, Instant),
  /** How far each lane was read: everything up to `upTo` (a ULID, empty for nothing) has ended; of what came after it, `ahead` was seen committed. */
  read: z.partialRecord(Lane, z.object({ upTo: z.string(), ahead: z.array(SnapshotId) })),
  sizes: z.partialRecord(z.enum(['full', 'log']), Level),
  failing: z.boolean(),
  clockSkew: z.boolean(),
})
export type Ledger = z.infer<typeof Ledger>

export const newLedger: Ledger = {
  scheduledAt: null,
  modes: {},
  received: {},
  read: {},
  sizes: {},
  failing: false,
  clockSkew: false,
}

/** Whether something is wrong that a snapshot or a run could end. */
export function isFlagged({ modes, sizes, failing, clockSkew }: Ledger): boolean {
  return (
    failing ||
    clockSkew ||
    Object.values(modes).some(({ late }) => late !== null) ||
    Object.values(sizes).some(({ odd }) => odd.length > 0)
  )
}
