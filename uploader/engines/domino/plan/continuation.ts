import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import { extentsIn } from '../backup/info.ts'
import type { Extent } from '../notes/library.ts'
import { extentOf, laterPlace, nextPlace, placeAt, unit } from '../position.ts'

/** How the extents that wait go on from what was committed, or why they do not. */
export type Continuation =
  | {
      possible: true
      /** Where the log of this run begins and leads to: places. */
      from: string
      to: string
      fresh: Extent[]
      /** Committed already, by what their entries say: offered once more because nobody told Domino. */
      again: Extent[]
      active: Extent | undefined
    }
  | { possible: false; code: string; reason: string }

/*
 *   committed  ├──── of a full ─────┤            own: the full is the owner of its extents, nothing of them is asked for again
 *   committed       ├─ logs ─┤├─ logs ─┤
 *   offered                       [6][7][8] 9    6 is committed; new are 7 and 8, 9 is still written
 *                                 ▲
 *              no later than where the logs end, or where the newest full begins to be rolled forward: else there is a gap
 */
/** @param others numbers of extents that are not what was committed under these numbers */
export function continuationOf(
  extents: readonly Extent[],
  heads: LaneHeads,
  others: ReadonlySet<number> = new Set(),
): Continuation {
  const active = extents.find(({ closed }) => !closed)
  const waiting = extents.filter(({ closed }) => closed)
  const [first] = extents
  if (!first) return no('NO_EXTENTS', 'Domino names no extent of its transaction log')
  const ofStream = (entry: UnitEntry | undefined) => (entry?.to.stream === first.logId ? entry : undefined)
  const data = ofStream(entryIn(heads.data))
  const log = ofStream(entryIn(heads.log))
  if (!data)
    return no(
      'NEW_LOG',
      'the transaction log is another one than at the last full backup (it was made anew, moved or its style changed)',
    )
  const gap = firstGap(extents)
  if (gap)
    return no(
      'GAP',
      `extent ${gap.expected} of the transaction log is missing: Domino offers ${gap.found} after ${gap.expected - 1}`,
    )
  const logTo = log?.to.at ?? placeAt(0)
  const committed = data.info?.owns === 'true' ? laterPlace(logTo, data.to.at) : logTo
  const reach = laterPlace(logTo, (data.from ?? data.to).at)
  const [committedExtent, reachedExtent] = [extentOf(committed), extentOf(reach)]
  if (first.number > reachedExtent)
    return no(
      'GAP',
      `the log was backed up to before extent ${reachedExtent}, and Domino offers ${first.number} first: somebody else archived what lies between`,
    )
  const last = active?.number ?? waiting.at(-1)!.number + 1
  if (last < committedExtent)
    return no(
      'REVERTED',
      `the log was backed up to before extent ${committedExtent}, and Domino writes extent ${last}: it was put back to an earlier state`,
    )
  const known = new Map([...extentsIn(data.info), ...extentsIn(log?.info)])
  // Of what is known no more it cannot be told whether it is the same: it is taken once more, and overlap does no harm.
  const start =
    waiting.find(({ number }) => number >= committedExtent || !known.has(number) || others.has(number))?.number ??
    Number.POSITIVE_INFINITY
  const fresh = waiting.filter(({ number }) => number >= start)
  const again = waiting.filter(({ number }) => number < start)
  const from = start < committedExtent || first.number > committedExtent ? placeAt(Math.min(start, last)) : committed
  return {
    possible: true,
    from,
    to: last > extentOf(from) ? placeAt(last) : nextPlace(from),
    fresh,
    again,
    active,
  }
}

function no(code: string, reason: string): Continuation {
  return { possible: false, code, reason }
}

interface Gap {
  expected: number
  found: number
}

function firstGap(extents: readonly Pick<Extent, 'number'>[]): Gap | undefined {
  return gapsIn(extents)[0]
}

export function lastGap(extents: readonly Pick<Extent, 'number'>[]): Gap | undefined {
  return gapsIn(extents).at(-1)
}

function gapsIn(extents: readonly Pick<Extent, 'number'>[]): Gap[] {
  return extents.slice(1).flatMap(({ number: found }, i) => {
    const expected = extents[i]!.number + 1
    return found === expected ? [] : [{ expected, found }]
  })
}

export function entryIn(head: LaneHeads['data']): UnitEntry | undefined {
  return head?.units.find(entry => entry.unit === unit)
}

/** The entry that a run of logs follows: the last log's, or that of a full that took the logs over. */
export function goesOnFrom({ data, log }: LaneHeads): UnitEntry {
  const [full, last] = [entryIn(data)!, entryIn(log)]
  return last && last.to.stream === full.to.stream && full.info?.owns !== 'true' ? last : newerOf(full, last)
}

function newerOf(full: UnitEntry, log: UnitEntry | undefined): UnitEntry {
  return log && log.to.stream === full.to.stream && log.to.at >= full.to.at ? log : full
}
