import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Agent, speaksFor } from '../catalogue/agents.ts'
import { leaseStale } from '../catalogue/leases.ts'
import { type Snapshot as AnySnapshot, findSnapshot, type SnapshotIn } from '../catalogue/snapshots.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import type { Ports } from './ports.ts'

/** The caller's own source. What is another's and what does not exist answer alike. @throws ProblemError `not-found` */
export async function ownSource({ catalogue }: Ports, agent: Agent, id: SourceId): Promise<Source> {
  const source = await findSource(catalogue, agent.tenant, id)
  if (!source || !speaksFor(agent, source.agent)) throw new ProblemError('not-found')
  return source
}

/** A tombstoned snapshot is nobody's any more. */
export type Snapshot = Exclude<AnySnapshot, { state: 'tombstoned' }>

/** The caller's own snapshot, in whatever state. @throws ProblemError `not-found` */
export async function ownSnapshot({ catalogue }: Ports, agent: Agent, id: SnapshotId): Promise<Snapshot> {
  const snapshot = await findSnapshot(catalogue, id)
  if (!snapshot || snapshot.state === 'tombstoned' || !speaksFor(agent, snapshot.agent))
    throw new ProblemError('not-found')
  return snapshot
}

/**
 * The snapshot while it can be written to, by the run that opened it.
 * @throws ProblemError `lease-stale` for another token or after a takeover, `snapshot-state` once the commit has begun
 */
export function writable(snapshot: Snapshot, lease: string): SnapshotIn<'open'> {
  if (snapshot.lease !== lease) throw leaseStale()
  switch (snapshot.state) {
    case 'open':
      return snapshot
    case 'abandoned':
      throw leaseStale()
    case 'committing':
    case 'committed':
      throw snapshotState(snapshot)
  }
}

export function snapshotState(snapshot: Snapshot): ProblemError {
  return new ProblemError('snapshot-state', `it is ${snapshot.state}`, { extra: { state: snapshot.state } })
}
