import type { SourceId } from '../../shared/ids.ts'
import type { Lane, LaneHeads } from '../../shared/snapshot.ts'
import { snapshotKey } from '../catalogue/keys.ts'
import { findLane } from '../catalogue/leases.ts'
import { type Committed, Snapshot } from '../catalogue/snapshots.ts'
import { read } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'
import type { AgentApiPorts } from './ports.ts'

/** The heads as an agent sees them, and the catalogue's items behind them. */
export interface Heads {
  heads: LaneHeads
  items: { data: Committed | undefined; log: Committed | undefined }
}

/** The newest committed snapshot of either lane, with its units' positions: from here a host that was rebuilt goes on. */
export async function headsOf({ catalogue }: AgentApiPorts, source: SourceId): Promise<Heads> {
  const [data, log] = await Promise.all([headOf('data'), headOf('log')])
  const [dataUnits, logUnits] = await Promise.all([
    data && withUnits(catalogue, data),
    log && withUnits(catalogue, log),
  ])
  return { heads: { data: dataUnits ?? null, log: logUnits ?? null }, items: { data, log } }

  async function headOf(lane: Lane): Promise<Committed | undefined> {
    const { head } = await findLane(catalogue, source, lane)
    if (head === undefined) return undefined
    const snapshot = await read(catalogue, Snapshot, snapshotKey(head, lane))
    if (snapshot?.state !== 'committed') throw new Error(`the head of ${source}, lane ${lane}, is not committed`)
    return snapshot
  }
}
