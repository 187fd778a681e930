import { newUlid, type SourceId } from '../../shared/ids.ts'
import { type Moment, planRestore } from '../../shared/planner/plan.ts'
import { type CommittedSnapshot, type LaneHeads, laneOf, type UnitEntry } from '../../shared/snapshot.ts'
import type { Plan, RestoreInput } from '../../uploader/engines/engine.ts'

/** A run that was staged into plain files, with the snapshot that the receiver would have of it. */
export interface Run {
  committed: CommittedSnapshot
  plan: Plan
  files: RestoreInput['files']
}

/** The folder of the next run: they sort as they were made. */
export function nextFolder(taken: readonly Run[], { kind }: Pick<Plan, 'kind'>): string {
  return `${String(taken.length + 1).padStart(4, '0')}-${kind}-${newUlid()}`
}

/** The snapshot of the next run, each a second after the one before, however fast they follow. */
export function commitNext(
  taken: readonly Run[],
  source: SourceId,
  { kind }: Pick<Plan, 'kind'>,
  units: UnitEntry[],
): CommittedSnapshot {
  const time = Date.UTC(2026, 10, 22) + taken.length * 1000
  const receivedAt = new Date(time).toISOString()
  return { snapshot: `${source}.${newUlid(time)}`, lane: laneOf(kind), kind, receivedAt, units }
}

export function headsOf(taken: readonly Run[]): LaneHeads {
  const newest = (lane: 'data' | 'log') => taken.findLast(({ committed }) => committed.lane === lane)?.committed ?? null
  return { data: newest('data'), log: newest('log') }
}

/** What the uploader would hand to the engine for a moment. @param units all of them if not given */
export function inputOf(taken: readonly Run[], directory: string, moment: Moment, units?: string[]): RestoreInput {
  const planned = planRestore(
    taken.map(({ committed }) => committed),
    moment,
    units,
  )
  const chain = planned.snapshots.map(({ snapshot }) => taken.find(({ committed }) => committed.snapshot === snapshot)!)
  return {
    directory,
    at: moment.kind === 'at' ? moment.at : null,
    snapshots: chain.map(({ committed: { snapshot, kind, units }, plan: { engineVersion } }) => ({
      snapshot,
      kind,
      units,
      engineVersion,
    })),
    files: chain.flatMap(({ files }) => files).filter(({ unit }) => units === undefined || units.includes(unit)),
  }
}
