import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import type { Extent } from '../notes/library.ts'
import { continuationOf, entryIn, lastGap } from '../plan/continuation.ts'
import { extentOf, laterPlace, placeAt } from '../position.ts'
import { hashOf } from './files.ts'
import { extentsIn } from './info.ts'

/** What a snapshot holds of the log, in places. */
export interface Covered {
  logId: string
  from: string
  to: string
  /** Domino may use the extents again once it is committed. */
  owns: boolean
}

/** What a run takes of the log. */
export interface Coverage {
  /** Undefined where Domino offers nothing. */
  covered: Covered | undefined
  /** Closed ones. */
  extents: Extent[]
  /** The one that is still written. */
  active: Extent | undefined
  /** Committed already, and still the same: number and SHA-256 in base64. */
  again: ReadonlyMap<number, string>
}

/** Of a run of logs: what is new since the last one. @throws PromotionNeeded */
export async function coverLogs(waiting: Extent[], heads: LaneHeads): Promise<Coverage> {
  const known = new Map([...extentsIn(entryIn(heads.data)?.info), ...extentsIn(entryIn(heads.log)?.info)])
  const others = new Set<number>()
  for (;;) {
    const found = continuationOf(waiting, heads, others)
    if (!found.possible) throw new PromotionNeeded({ code: found.code, reason: found.reason })
    const { from, to, fresh, again, active } = found
    const changed = await firstChanged(again, known)
    if (changed !== undefined) {
      others.add(changed)
      continue
    }
    return {
      covered: { logId: waiting[0]!.logId, from, to, owns: true },
      extents: fresh,
      active,
      again: new Map(again.map(({ number }) => [number, known.get(number)!])),
    }
  }
}

async function firstChanged(
  extents: readonly Extent[],
  known: ReadonlyMap<number, string>,
): Promise<number | undefined> {
  for (const { number, path } of extents) if ((await hashIfThere(path)) !== known.get(number)) return number
  return undefined
}

async function hashIfThere(path: string): Promise<string | undefined> {
  try {
    return await hashOf(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/**
 * Of a full: all extents that wait. Whether it is also their owner, so that Domino may use them again, or the next run of logs is:
 *
 *   logs ─▶ full ─▶ logs      the logs take them, and so they lead on from the full before this one, too
 *   full ─▶ full              nobody else takes them
 *   logs ─╳ full ─▶ logs      the logs cannot lead on: something between them and what is offered is missing, and a new succession begins here
 *
 * @param firstNeeded the first extent that any database needs to be rolled forward
 */
export function coverFull(
  waiting: Extent[],
  { data, log }: LaneHeads,
  firstNeeded: number,
  warn: BackupContext['warn'],
): Coverage {
  const extents = waiting.filter(({ closed }) => closed)
  const active = waiting.find(({ closed }) => !closed)
  const again = new Map<number, string>()
  const [first] = waiting
  if (!first) return { covered: undefined, extents, active, again }
  const to = active?.number ?? extents.at(-1)!.number + 1
  const needed = Math.min(firstNeeded, to)
  const ofLog = (entry: UnitEntry | undefined) => (entry?.to.stream === first.logId ? entry : undefined)
  const [full, last] = [ofLog(entryIn(data)), ofLog(entryIn(log))]
  const logTo = last?.to.at
  const gap = lastGap(waiting)
  const leadsOn = !gap && first.number <= Math.max(needed, logTo === undefined ? 0 : extentOf(logTo))
  if (gap)
    warn(
      'extent-missing',
      `Extent ${gap.expected} of the transaction log is missing: Domino offers ${gap.found} after ${gap.expected - 1}`,
    )
  const begins = gap?.found ?? first.number
  if (needed < begins) {
    // Runs of logs that lead up to what is offered hold what lies before it; the next one makes this full and those a chain.
    const isHeld = leadsOn && full !== undefined && needed >= extentOf((full.from ?? full.to).at)
    warn(
      'extent-archived',
      `A database needs the log from extent ${needed} on, and Domino offers none before ${begins}: until the next ${isHeld ? 'run of logs' : 'full'}, it can be restored as it was backed up`,
    )
  }
  const isFollowed = logTo !== undefined && (!data || Date.parse(log!.receivedAt) > Date.parse(data.receivedAt))
  const owns = !leadsOn || !isFollowed
  const place = laterPlace(placeAt(to), laterPlace(logTo ?? '', full?.to.at ?? ''))
  // Runs of logs that ended in the same extent come before it, and are not needed.
  const from = logTo !== undefined && needed === extentOf(logTo) ? logTo : placeAt(needed)
  return { covered: { logId: first.logId, from: owns ? place : from, to: place, owns }, extents, active, again }
}
