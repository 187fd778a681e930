import type { z } from 'zod'
import type { RestoreManifestResponse } from '../api/restore.ts'
import { Failure } from '../failure.ts'
import type { SnapshotId } from '../ids.ts'
import type { Manifest } from '../manifest.ts'
import { type Moment, planRestore } from '../planner/plan.ts'
import { type CommittedSnapshot, type EngineKind, laneOf, type UnitEntry } from '../snapshot.ts'
import { damage } from './damage.ts'

export type RestoreAnswer = z.output<typeof RestoreManifestResponse>

/** The moment that was asked for; neither is the latest state, or what a link is limited to. */
export interface AskedMoment {
  at?: string | undefined
  snapshot?: SnapshotId | undefined
}

/** One snapshot of a chain: its signed manifest, and the unit list that it proves. */
export interface ProvedSnapshot {
  manifest: Manifest
  units: UnitEntry[]
}

/**
 * Proves that what the receiver answered, all pages of it, is an unbroken chain that ends where it was asked to.
 * @param proved one for each snapshot of the answer, in its order
 * @param units what was asked for; all, or what a link is limited to, where it is left out
 * @returns the moment that the chain leads to, null for the latest state and for that of a snapshot
 * @throws Failure `chain-damaged`
 */
export function proveChain(
  asked: AskedMoment,
  answer: RestoreAnswer,
  proved: readonly ProvedSnapshot[],
  units?: string[],
): { engine: EngineKind; at: string | null } {
  const moment = momentOf(asked, answer)
  const committed = proved.map(({ manifest, units }, i): CommittedSnapshot => {
    const { receivedAt } = answer.snapshots[i]!
    return { ...manifest, lane: laneOf(manifest.kind), receivedAt, units }
  })
  requireUnbroken(committed, moment, answer.units ?? units)
  return { engine: engineOf(proved), at: moment.kind === 'at' ? moment.at : null }
}

function momentOf(asked: AskedMoment, answer: { at: string | null; of: SnapshotId | null }): Moment {
  const snapshot = asked.snapshot ?? (asked.at === undefined ? answer.of : null)
  if (snapshot !== null) return { kind: 'snapshot', snapshot }
  const at = asked.at ?? answer.at
  return at === null ? { kind: 'latest' } : { kind: 'at', at }
}

/** What the receiver chose must be what our own planner makes of it: no snapshot left out, added or put elsewhere. */
function requireUnbroken(committed: CommittedSnapshot[], moment: Moment, units: string[] | undefined): void {
  const given = committed.map(({ snapshot }) => snapshot)
  const planned = plan(committed, moment, units)
  if (planned.join() !== given.join())
    throw damage(
      'chain-damaged',
      'The chain of snapshots',
      `the receiver sent ${given}, but what leads there is ${planned}`,
    )
}

function plan(committed: CommittedSnapshot[], moment: Moment, units: string[] | undefined): string[] {
  try {
    return planRestore(committed, moment, units).snapshots.map(({ snapshot }) => snapshot)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw damage('chain-damaged', 'The chain of snapshots', cause.why ?? cause.message, cause)
  }
}

function engineOf(proved: readonly ProvedSnapshot[]): EngineKind {
  const [engine, ...others] = new Set(proved.map(({ manifest }) => manifest.engine))
  if (engine === undefined || others.length > 0)
    throw damage('chain-damaged', 'The chain of snapshots', 'it is empty, or of several engines')
  return engine
}
