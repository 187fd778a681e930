import type { SourceId } from '../../shared/ids.ts'
import type { CommittedSnapshot, Lane, LaneHeads } from '../../shared/snapshot.ts'
import { snapshotKey } from '../catalogue/keys.ts'
import { findLane } from '../catalogue/leases.ts'
import { Snapshot } from '../catalogue/snapshots.ts'
import { read } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'
import type { AgentApiPorts } from './ports.ts'

/** The newest committed snapshot of either lane, with its units' positions: from here a host that was rebuilt goes on. */
export async function headsOf(ports: AgentApiPorts, source: SourceId): Promise<LaneHeads> {
  const [data, log] = await Promise.all([headOf(ports, source, 'data'), headOf(ports, source, 'log')])
  return { data, log }
}

async function headOf({ catalogue }: AgentApiPorts, source: SourceId, lane: Lane): Promise<CommittedSnapshot | null> {
  const { head } = await findLane(catalogue, source, lane)
  if (head === undefined) return null
  const snapshot = await read(catalogue, Snapshot, snapshotKey(head, lane))
  if (snapshot?.state !== 'committed') throw new Error(`the head of ${source}, lane ${lane}, is not committed`)
  return withUnits(catalogue, snapshot)
}
