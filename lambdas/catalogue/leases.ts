import { z } from 'zod'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import { RunId, SnapshotId as SnapshotIdSchema } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Lane } from '../../shared/snapshot.ts'
import { laneKey, snapshotKey } from './keys.ts'
import { liveMark, liveValues, setsLiveMark } from './live.ts'
import { findSnapshot, type Snapshot, type SnapshotIn } from './snapshots.ts'
import { absent, isRefused, read, type Step, type Table, transact, update } from './table.ts'

/*
 * A lane has one head and at most one lease. The token is the fence: whoever holds it may write to the snapshot it was given with.
 *
 *   run 1   open ──renew──renew──▶ commit: head moved, lease released
 *   run 2          open: lane-held                          open ──▶
 *
 *   run 1   open ──renew──✗ (killed)
 *   run 2                    open: lane-held │ lease ran out │ open: takes over, run 1's snapshot is abandoned
 *   run 1                                                         parts, renew, commit: lease-stale
 *
 *   run 1   open ──▶ commit begun ──✗ (killed)
 *   run 2                              open: takes over at once. The commit needs its lease no more: it is only
 *                                            finished, by asking again or by the janitor
 *
 *   old host   open ──renew──✗ (replaced)
 *   new host                    open: takes over at once (on the log lane after a full only: promotion.ts)
 *
 * A lease that ran out and was not taken over is renewed as if nothing had happened (a laptop that slept). The same run asked again gets the same
 * lease; every write here may be sent twice, and finds what the first one did.
 */

export const leaseSeconds = 300

/**
 * So many snapshots are opened on a lane in an hour. Logs every five minutes are twelve, and each may be tried anew ten times; a host that opens without
 * end fills nobody's queues.
 */
export const opensAnHour = 120

const hourMs = 3_600_000

const LaneItem = z.object({
  head: SnapshotIdSchema.optional(),
  lease: z
    .object({
      token: z.string(),
      run: RunId,
      snapshot: SnapshotIdSchema,
      until: z.iso.datetime(),
      /** Ended by commit or abort; kept so that the same run asked again is told what became of it. */
      released: z.boolean(),
    })
    .optional(),
  /** Snapshots that were opened in the hour of the last one. */
  opened: z.object({ hour: z.iso.datetime(), count: z.number().int() }).optional(),
})
export type LaneItem = z.infer<typeof LaneItem>

export async function findLane(table: Table, source: SourceId, lane: Lane): Promise<LaneItem> {
  return (await read(table, LaneItem, laneKey(source, lane))) ?? {}
}

export const headIs = (head: SnapshotId | null) => (head === null ? 'attribute_not_exists(#head)' : '#head = :head')
export const holdsLease = '#lease.#token = :token'
const neverLeased = 'attribute_not_exists(#lease)'
const leaseUnchanged = '#lease.#token = :seenToken AND #lease.#until = :seenUntil AND #lease.#released = :seenReleased'

export type Opening = Omit<SnapshotIn<'open'>, 'state' | 'head' | 'lease'>

/**
 * Takes the lane's lease and opens a snapshot under it. The same run asked again gets the same snapshot and token.
 * @throws ProblemError `lane-held` with `{heldBy, until}`; `throttled` with `{retryAfterSeconds}`; `snapshot-state` with `{snapshot, state}` for a run that has ended
 */
export async function openUnderLease(
  table: Table,
  opening: Opening,
  token: string,
  now: Date,
): Promise<{ snapshot: SnapshotIn<'open'> | SnapshotIn<'committing'>; until: string }> {
  for (let attempt = 1; ; attempt++) {
    const lane = await findLane(table, opening.source, opening.lane)
    const previous = lane.lease && (await findSnapshot(table, lane.lease.snapshot))
    if (lane.lease?.run === opening.run && previous) return resume(table, previous, lane.lease, now)
    if (
      lane.lease &&
      previous?.state === 'open' &&
      previous.agent === opening.agent && // a host that was replaced holds nothing
      !lane.lease.released &&
      Date.parse(lane.lease.until) > now.getTime()
    )
      throw new ProblemError('lane-held', `run ${lane.lease.run} holds it until ${lane.lease.until}`, {
        extra: { heldBy: lane.lease.run, until: lane.lease.until },
        fix: 'Wait until it has finished; a run that was killed lets go by itself',
      })
    const opened = countOpening(lane, now)
    const snapshot: SnapshotIn<'open'> = { ...opening, state: 'open', head: lane.head ?? null, lease: token }
    const until = leaseEnd(now)
    try {
      await transact(table, [
        ...takeOver(lane, previous, opening.run, now),
        {
          put: {
            key: snapshotKey(snapshot.snapshot, snapshot.lane),
            item: { ...snapshot, ...liveMark(snapshot.snapshot, 'open', now) },
            condition: absent,
          },
        },
        {
          update: {
            key: laneKey(snapshot.source, snapshot.lane),
            update: 'SET #lease = :lease, #opened = :opened',
            condition: `${headIs(snapshot.head)} AND ${lane.lease ? leaseUnchanged : neverLeased}`,
            values: {
              ...(lane.head && { ':head': lane.head }),
              ':opened': opened,
              ':lease': { token, run: snapshot.run, snapshot: snapshot.snapshot, until, released: false },
              ...(lane.lease && {
                ':seenToken': lane.lease.token,
                ':seenUntil': lane.lease.until,
                ':seenReleased': lane.lease.released,
              }),
            },
          },
        },
      ])
      return { snapshot, until }
    } catch (error) {
      if (!isRefused(error) || attempt >= 5) throw error // somebody was at the lane meanwhile: look again
    }
  }
}

/** Exact, as an opening is refused where another one was at the lane since it was read. @throws ProblemError `throttled` */
function countOpening({ opened }: LaneItem, now: Date): NonNullable<LaneItem['opened']> {
  const begin = Math.floor(now.getTime() / hourMs) * hourMs
  const hour = new Date(begin).toISOString()
  const count = opened?.hour === hour ? opened.count : 0
  if (count >= opensAnHour)
    throw new ProblemError('throttled', `a source opens at most ${opensAnHour} snapshots of a lane in an hour`, {
      extra: { retryAfterSeconds: Math.ceil((begin + hourMs - now.getTime()) / 1000) },
      fix: 'Back up less often; if runs fail and are begun anew, look at why',
    })
  return { hour, count: count + 1 }
}

function takeOver(lane: LaneItem, previous: Snapshot | undefined, run: string, now: Date): Step[] {
  if (!lane.lease || previous?.state !== 'open') return []
  return [{ update: abandonment(previous, `its lease ran out and run ${run} took over`, now) }]
}

async function resume(table: Table, snapshot: Snapshot, lease: NonNullable<LaneItem['lease']>, now: Date) {
  if (snapshot.state !== 'open' && snapshot.state !== 'committing')
    throw new ProblemError('snapshot-state', `this run's snapshot is ${snapshot.state}`, {
      extra: { snapshot: snapshot.snapshot, state: snapshot.state },
      fix: 'Begin a new run',
    })
  return { snapshot, until: await renewLease(table, snapshot, lease.token, now) }
}

/** @throws ProblemError `lease-stale` */
export async function renewLease(
  table: Table,
  snapshot: Pick<Snapshot, 'source' | 'lane'>,
  token: string,
  now: Date,
): Promise<string> {
  const until = leaseEnd(now)
  try {
    await update(table, {
      key: laneKey(snapshot.source, snapshot.lane),
      update: 'SET #lease.#until = :until',
      condition: `${holdsLease} AND #lease.#released = :false`,
      values: { ':until': until, ':token': token, ':false': false },
    })
    return until
  } catch (error) {
    throw isRefused(error) ? leaseStale() : error
  }
}

/**
 * Ends a snapshot that is not committed, and its lease with it. Its packs are the janitor's from here on. Asked again after success it does nothing.
 * @throws whatever refused it (see `isRefused`), when the snapshot is in another state by now
 */
export async function abandon(
  table: Table,
  snapshot: SnapshotIn<'open' | 'committing'>,
  reason: string,
  now: Date,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { lease } = await findLane(table, snapshot.source, snapshot.lane)
    const release: Step = {
      update: {
        key: laneKey(snapshot.source, snapshot.lane),
        update: 'SET #lease.#released = :true',
        condition: holdsLease,
        values: { ':true': true, ':token': snapshot.lease },
      },
    }
    try {
      await transact(table, [
        { update: abandonment(snapshot, reason, now) },
        ...(lease?.token === snapshot.lease ? [release] : []),
      ])
      return
    } catch (error) {
      if (!isRefused(error)) throw error
      const state = (await findSnapshot(table, snapshot.snapshot))?.state
      if (state === 'abandoned') return
      if (state !== snapshot.state || attempt >= 5) throw error // else the lane changed meanwhile: look again
    }
  }
}

function abandonment(snapshot: SnapshotIn<'open' | 'committing'>, reason: string, now: Date) {
  return {
    key: snapshotKey(snapshot.snapshot, snapshot.lane),
    update: `SET #state = :abandoned, #reason = :reason, ${setsLiveMark}`,
    condition: '#state = :before',
    values: {
      ':abandoned': 'abandoned',
      ':reason': reason,
      ':before': snapshot.state,
      ...liveValues(snapshot.snapshot, 'abandoned', now),
    },
  }
}

export function leaseStale(): ProblemError {
  return new ProblemError('lease-stale', 'another run took over this source, or this run has ended', {
    fix: 'Run the backup again',
  })
}

export function leaseEnd(now: Date): string {
  return new Date(now.getTime() + leaseSeconds * 1000).toISOString()
}
