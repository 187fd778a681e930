import { z } from 'zod'
import { ProofRequest } from '../../shared/api/agent.ts'
import { AgentId, newUlid, SnapshotId } from '../../shared/ids.ts'
import { proofKey, snapshotKey } from './keys.ts'
import type { Committed } from './snapshots.ts'
import { absent, type Table, transact } from './table.ts'

export const ProofRecord = ProofRequest.extend({
  snapshot: SnapshotId,
  agent: AgentId,
  recordedAt: z.iso.datetime(),
})
export type ProofRecord = z.infer<typeof ProofRecord>

/** Appends a proof, and shows it on its snapshot. One that failed makes the planner go round it until one passes again. */
export function recordProof(table: Table, snapshot: Committed, proof: ProofRecord): Promise<void> {
  const { method, level, outcome, recordedAt } = proof
  return transact(table, [
    {
      put: {
        key: proofKey(snapshot.source, newUlid(Date.parse(recordedAt))),
        item: proof,
        condition: absent,
      },
    },
    {
      update: {
        key: snapshotKey(snapshot.snapshot, snapshot.lane),
        update: 'SET #proof = :proof, #bad = :bad',
        condition: '#state = :committed',
        values: {
          ':proof': { method, level, outcome, recordedAt },
          ':bad': outcome === 'failed',
          ':committed': 'committed',
        },
      },
    },
  ])
}
