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

/** What a proof shows, least first: a lesser one that passes cannot take back a greater one. */
const ranks: Record<ProofRecord['level'], number> = { kit: 0, stored: 1, opened: 2, restored: 3 }

/**
 * Appends a proof, and shows it on its snapshot unless a greater one stands there. One that failed makes the planner go round the
 * snapshot until one of at least that level passes; a lesser failure after it does not make that easier.
 */
export function recordProof(table: Table, snapshot: Committed, proof: ProofRecord): Promise<void> {
  const { method, level, outcome, recordedAt } = proof
  const shown = ranks[level] >= rankOf(snapshot) || (outcome === 'failed' && snapshot.bad !== true)
  return transact(table, [
    {
      put: {
        key: proofKey(snapshot.source, newUlid(Date.parse(recordedAt))),
        item: proof,
        condition: absent,
      },
    },
    ...(shown
      ? [
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
        ]
      : []),
  ])
}

function rankOf({ proof }: Committed): number {
  const level = ProofRequest.shape.level.safeParse(proof?.level)
  return level.success ? ranks[level.data] : 0
}
