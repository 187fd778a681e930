import type { AuditEntry } from './audit.ts'
import { auditCreation } from './audit.ts'
import { laneKey, snapshotKey } from './keys.ts'
import type { SnapshotIn } from './snapshots.ts'
import { isRefused, type Step, type Table, transact, update } from './table.ts'

/*
 *              not kept any more                     7 days and the lock are over
 *   committed ─────────────────▶ tombstoned ───────────────────────────▶ tombstoned, deleting ──▶ (gone)
 *       ▲                            │                                      receipt, units, manifest, packs, items
 *       └──────── kept again ────────┘
 *
 * Each arrow is refused when another janitor was first, or when the snapshot has become a head meanwhile, and is then no longer anybody's business.
 */

type Stored = SnapshotIn<'committed' | 'tombstoned'>

/** @returns false when it is not committed any more, or is the head of its lane */
export function tombstone(table: Table, snapshot: Stored, now: Date): Promise<boolean> {
  return happened(table, [
    {
      update: {
        key: snapshotKey(snapshot.snapshot, snapshot.lane),
        update: 'SET #state = :tombstoned, #tombstonedAt = :now',
        condition: '#state = :committed',
        values: { ':tombstoned': 'tombstoned', ':committed': 'committed', ':now': now.toISOString() },
      },
    },
    {
      check: {
        key: laneKey(snapshot.source, snapshot.lane),
        condition: '#head <> :this',
        values: { ':this': snapshot.snapshot },
      },
    },
    audit(snapshot, 'snapshot-tombstoned', now),
  ])
}

/** @returns false when it is not tombstoned, or is being deleted */
export function revive(table: Table, snapshot: Stored, now: Date): Promise<boolean> {
  return happened(table, [
    {
      update: {
        key: snapshotKey(snapshot.snapshot, snapshot.lane),
        update: 'SET #state = :committed REMOVE #tombstonedAt',
        condition: '#state = :tombstoned AND attribute_not_exists(#deletingSince)',
        values: { ':tombstoned': 'tombstoned', ':committed': 'committed' },
      },
    },
    audit(snapshot, 'snapshot-revived', now),
  ])
}

/** Before the first thing of it goes. @returns false when it has come back meanwhile, or is gone */
export function beginDeletion(table: Table, snapshot: Stored, now: Date): Promise<boolean> {
  return happened(table, [
    {
      update: {
        key: snapshotKey(snapshot.snapshot, snapshot.lane),
        update: 'SET #deletingSince = if_not_exists(#deletingSince, :now)',
        condition: '#state = :tombstoned',
        values: { ':tombstoned': 'tombstoned', ':now': now.toISOString() },
      },
    },
  ])
}

/** After the last thing of it has gone. @returns false when another janitor was first */
export function endDeletion(table: Table, snapshot: Stored, now: Date): Promise<boolean> {
  return happened(table, [
    {
      remove: {
        key: snapshotKey(snapshot.snapshot, snapshot.lane),
        condition: '#state = :tombstoned',
        values: { ':tombstoned': 'tombstoned' },
      },
    },
    audit(snapshot, 'snapshot-deleted', now),
  ])
}

/** Notes a lock that every version of a snapshot has by now; of one that is being deleted, a lock that some version still has. It never goes back. */
export async function recordLockedUntil(table: Table, snapshot: Stored, until: Date): Promise<void> {
  try {
    await update(table, {
      key: snapshotKey(snapshot.snapshot, snapshot.lane),
      update: 'SET #lockedUntil = :until',
      condition: '#lockedUntil < :until',
      values: { ':until': until.toISOString() },
    })
  } catch (error) {
    if (!isRefused(error)) throw error
  }
}

function audit(snapshot: Stored, action: AuditEntry['action'], now: Date): Step {
  const { kind, receivedAt, totals } = snapshot
  return {
    put: auditCreation(snapshot.tenant, {
      at: now.toISOString(),
      actor: 'janitor',
      action,
      target: snapshot.snapshot,
      detail: { kind, receivedAt, storedBytes: totals.storedBytes },
    }),
  }
}

async function happened(table: Table, steps: Step[]): Promise<boolean> {
  for (let attempt = 1; ; attempt++)
    try {
      await transact(table, steps)
      return true
    } catch (error) {
      if (!isRefused(error)) throw error
      // a run that renews its lease at the same moment is in the way of the look at the lane's head, and gone with the next attempt
      if (attempt >= 3) return false
    }
}
