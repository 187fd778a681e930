import { z } from 'zod'
import { ProofRequest } from '../../shared/api/agent.ts'
import { AgentId } from '../../shared/ids.ts'
import { proofKey, snapshotKey } from './keys.ts'
import type { Committed } from './snapshots.ts'
import { type Table, transact } from './table.ts'

export const Proof = ProofRequest.extend({ agent: AgentId, recordedAt: z.iso.datetime() })
export type Proof = z.infer<typeof Proof>

/**
 * What was found of a snapshot by one method, at one level, with one outcome: when it was first found, and last. So there are sixteen of a snapshot at
 * most, however often a host proves it, and they go with it. The first stays whatever comes later, and no result takes another's place: who holds a
 * stolen key can add to what was found before, and hides none of it. The last is that of whoever took the host's place since.
 */
export const ProofRecord = z.object({ first: Proof, last: Proof })
export type ProofRecord = z.infer<typeof ProofRecord>

/** What a proof shows, least first: a lesser one that passes cannot take back a greater one. */
const ranks: Record<Proof['level'], number> = { kit: 0, stored: 1, opened: 2, restored: 3 }

/**
 * Records a proof, and shows it on its snapshot unless a greater one stands there. One that failed makes the planner go round the
 * snapshot until one of at least that level passes; a lesser failure after it does not make that easier.
 * @throws whatever refused it (see `isRefused`), when the snapshot has changed since it was read
 */
export function recordProof(table: Table, snapshot: Committed, proof: Proof): Promise<void> {
  const { method, level, outcome, recordedAt } = proof
  const shown = ranks[level] >= rankOf(snapshot) || (outcome === 'failed' && snapshot.bad !== true)
  const key = snapshotKey(snapshot.snapshot, snapshot.lane)
  const seen = snapshot.proof && { ':seen': snapshot.proof.recordedAt }
  const condition = `#state = :committed AND ${seen ? '#proof.#recordedAt = :seen' : 'attribute_not_exists(#proof)'}`
  const values = { ':committed': 'committed', ...seen }
  return transact(table, [
    {
      update: {
        key: proofKey(snapshot.snapshot, `${method}#${level}#${outcome}`),
        update: 'SET #first = if_not_exists(#first, :proof), #last = :proof',
        values: { ':proof': proof },
      },
    },
    shown
      ? {
          update: {
            key,
            update: 'SET #proof = :proof, #bad = :bad',
            condition,
            values: { ...values, ':proof': { method, level, outcome, recordedAt }, ':bad': outcome === 'failed' },
          },
        }
      : { check: { key, condition, values } },
  ])
}

function rankOf({ proof }: Committed): number {
  const level = ProofRequest.shape.level.safeParse(proof?.level)
  return level.success ? ranks[level.data] : 0
}
