import { z } from 'zod'
import { AgentId, type SnapshotId } from '../../shared/ids.ts'
import { PublicKey } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { laneKey, manifestKey, snapshotKey, sourceKey } from './keys.ts'
import { findLane, headIs, holdsLease, leaseStale } from './leases.ts'
import { liveValues, setsLiveMark } from './live.ts'
import { type Committed, findSnapshot, type SnapshotIn } from './snapshots.ts'
import { findSource } from './sources.ts'
import { isRefused, present, read, type Table, transact } from './table.ts'

/*
 *            lease and head hold              every pack, the units and the receipt are in place
 *   open ──────────────────────▶ committing ─────────────────────────────────────────────▶ committed
 *    │                             │                                                          ┊ packs that the manifest does
 *    └─ abort, lease taken over    └─ what the vault holds is not what the manifest says,     ┊ not name: `strays`
 *                  ▼                  found before anything is locked                         ┊
 *              abandoned                    ▼                                                 ┊
 *                  ┊                    abandoned                                             ┊
 *   queue LIVE:    7 days after opening · 10 minutes after it was received · abandoned: at once · strays: 20 minutes
 *
 * receivedAt, the lock's end and the manifest are written with the first arrow, so that every later attempt, by the agent or
 * by the janitor, does the same work and comes to the same receipt.
 */

/** The signed manifest as it came, who vouched for it then, and to whom. */
export const StoredManifest = z.object({
  manifest: z.string(),
  /** The receiver's id when the commit began: a new one must not change the receipt. */
  receiver: z.string(),
  /** The age recipients that the manifest names. */
  recipients: z.array(z.string()),
  agent: AgentId,
  agentName: z.string(),
  agentKey: PublicKey,
  certificate: z.string().nullable(),
  customerKey: PublicKey.nullable(),
  /** The line of descent of `agentKey`, as in `Agent`. */
  succession: z.array(z.string()).default([]),
})
export type StoredManifest = z.infer<typeof StoredManifest>

export function findManifest(table: Table, snapshot: SnapshotId): Promise<StoredManifest | undefined> {
  return read(table, StoredManifest, manifestKey(snapshot))
}

export type Reception = Pick<
  SnapshotIn<'committing'>,
  'receivedAt' | 'lockedUntil' | 'lockMode' | 'minimumDays' | 'manifestSha256'
>

/**
 * open → committing.
 * @throws ProblemError `lease-stale`, `head-moved`, or `snapshot-state` when another request was first
 */
export async function beginCommit(
  table: Table,
  snapshot: SnapshotIn<'open'>,
  reception: Reception,
  manifest: StoredManifest,
): Promise<SnapshotIn<'committing'>> {
  const set = Object.keys(reception).map(name => `#${name} = :${name}`)
  for (let attempt = 1; ; attempt++) {
    try {
      await transact(table, [
        {
          update: {
            key: snapshotKey(snapshot.snapshot, snapshot.lane),
            update: `SET #state = :committing, ${setsLiveMark}, ${set.join(', ')}`,
            condition: '#state = :open',
            values: {
              ...liveValues(snapshot.snapshot, 'committing', reception.receivedAt),
              ':open': 'open',
              ':committing': 'committing',
              ...Object.fromEntries(Object.entries(reception).map(([name, value]) => [`:${name}`, value])),
            },
          },
        },
        {
          check: {
            key: laneKey(snapshot.source, snapshot.lane),
            condition: `${holdsLease} AND ${headIs(snapshot.head)}`,
            values: { ':token': snapshot.lease, ...(snapshot.head && { ':head': snapshot.head }) },
          },
        },
        { put: { key: manifestKey(snapshot.snapshot), item: manifest } },
      ])
      return { ...snapshot, ...reception, state: 'committing' }
    } catch (error) {
      if (!isRefused(error)) throw error
      const why = await whyRefused(table, snapshot)
      if (why) throw why
      if (attempt >= 5) throw error // a renewal of the lease was at the lane at the same moment: look again
    }
  }
}

/** @returns undefined when everything holds still: the write only met another one */
async function whyRefused(table: Table, snapshot: SnapshotIn<'open'>): Promise<ProblemError | undefined> {
  const [now, lane] = await Promise.all([
    findSnapshot(table, snapshot.snapshot),
    findLane(table, snapshot.source, snapshot.lane),
  ])
  if (lane.lease?.token !== snapshot.lease) return leaseStale()
  if ((lane.head ?? null) !== snapshot.head)
    return new ProblemError('head-moved', `the head of lane ${snapshot.lane} is now ${lane.head}`, {
      fix: 'Run the backup again',
    })
  if (now?.state === 'open') return undefined
  return new ProblemError('snapshot-state', `it is ${now?.state ?? 'gone'}`, { extra: { state: now?.state } })
}

export type Outcome = Pick<Committed, 'units' | 'unitChunks' | 'totals' | 'warnings' | 'metaVersions' | 'chain'> & {
  /** Packs were begun that the manifest does not name. */
  strays: boolean
}

const notLaterYet = '(attribute_not_exists(#lastReceivedAt) OR #lastReceivedAt <= :receivedAt)'

/**
 * committing → committed: the snapshot, the lane's head, the lease and the source's last snapshot in one step. Head and last snapshot move
 * unless a later snapshot is there already (one that took the lane over and was faster). Asked again after success it does nothing.
 */
export async function finishCommit(
  table: Table,
  snapshot: SnapshotIn<'committing'>,
  outcome: Outcome,
  now: Date,
): Promise<void> {
  const results = Object.entries(outcome).filter(([, value]) => value !== undefined && value !== false)
  for (let attempt = 1; ; attempt++) {
    const [lane, source] = await Promise.all([
      findLane(table, snapshot.source, snapshot.lane),
      findSource(table, snapshot.tenant, snapshot.source),
    ])
    const head = lane.head ?? null
    const moves = head === null || head < snapshot.snapshot
    const holds = lane.lease?.token === snapshot.lease
    const changes = [...(moves ? ['#head = :this'] : []), ...(holds ? ['#lease.#released = :true'] : [])]
    try {
      await transact(table, [
        {
          update: {
            key: snapshotKey(snapshot.snapshot, snapshot.lane),
            update: `SET #state = :committed, ${results.map(([name]) => `#${name} = :${name}`).join(', ')}${
              outcome.strays ? `, ${setsLiveMark}` : ' REMOVE #gpk, #gsk'
            }`,
            condition: '#state = :committing',
            values: {
              ':committing': 'committing',
              ':committed': 'committed',
              ...Object.fromEntries(results.map(([name, value]) => [`:${name}`, value])),
              ...(outcome.strays ? liveValues(snapshot.snapshot, 'strays', now) : {}),
            },
          },
        },
        ...(changes.length === 0
          ? []
          : [
              {
                update: {
                  key: laneKey(snapshot.source, snapshot.lane),
                  update: `SET ${changes.join(', ')}`,
                  condition: [headIs(head), ...(holds ? [holdsLease] : [])].join(' AND '),
                  values: {
                    ...(head && { ':head': head }),
                    ...(moves && { ':this': snapshot.snapshot }),
                    ...(holds && { ':true': true, ':token': snapshot.lease }),
                  },
                },
              },
            ]),
        ...(source?.lastReceivedAt !== undefined && source.lastReceivedAt > snapshot.receivedAt
          ? []
          : [
              {
                update: {
                  key: sourceKey(snapshot.tenant, snapshot.source),
                  update: 'SET #lastSnapshot = :snapshot, #lastReceivedAt = :receivedAt',
                  condition: `${present} AND ${notLaterYet}`,
                  values: { ':snapshot': snapshot.snapshot, ':receivedAt': snapshot.receivedAt },
                },
              },
            ]),
      ])
      return
    } catch (error) {
      if (!isRefused(error)) throw error
      if ((await findSnapshot(table, snapshot.snapshot))?.state === 'committed') return
      if (attempt >= 5) throw error // the lane changed meanwhile: look again
    }
  }
}
