import { byReceipt } from './planner/history.ts'
import { type Need, needsOf, type Root } from './planner/needs.ts'
import { unitsAt } from './planner/units.ts'
import type { Retention } from './retention.ts'
import { keptByRule, minimumAgeEnd, type Rule } from './retention-rules.ts'
import type { CommittedSnapshot } from './snapshot.ts'

export type Retained = CommittedSnapshot & { minimumDays: number }

/** What becomes of one snapshot. With neither a rule nor a need it goes. */
export interface Verdict {
  snapshot: string
  rules: Rule[]
  need: Need | undefined
  /** Milliseconds of the epoch that its lock should reach at least for its own sake, where it is kept for its own sake. */
  ownUntil: number | undefined
}

/**
 * What policy keeps of a source, and what that needs. The same for the same received snapshots, whatever their hosts say of them later.
 * @param snapshots everything of the source that is committed, or tombstoned and not being deleted yet, in any order
 * @param heads of both lanes: never removed, because runs go on from there
 * @returns in the receiver's order
 */
export function planRetention(
  snapshots: Retained[],
  policy: Retention,
  now: Date,
  heads: ReadonlySet<string>,
): Verdict[] {
  const received = snapshots.toSorted(byReceipt)
  const rules = keptByRule(received, policy, now)
  const roots = new Map<string, Root>()
  for (const each of received) {
    const kept = rules.get(each.snapshot)
    const isHead = heads.has(each.snapshot)
    if (!kept && !isHead) continue
    const rolls = kept?.includes('minimum-age') === true
    roots.set(each.snapshot, { until: minimumAgeEnd(each, policy), rolls })
  }
  const young = received.findIndex(({ snapshot }) => rules.get(snapshot)?.includes('minimum-age'))
  const aged = young < 0 ? received : received.slice(0, young)
  const { needed, newest } = needsOf(received, roots, {
    count: aged.length,
    units: new Set(unitsAt(aged, undefined)),
  })
  return received.map(each => {
    const { snapshot } = each
    const own = rules.get(snapshot) ?? []
    if (newest.has(snapshot)) own.push('newest-state')
    if (heads.has(snapshot)) own.push('head')
    const ownUntil = own.length > 0 ? minimumAgeEnd(each, policy) : undefined
    return { snapshot, rules: own, need: needed.get(snapshot), ownUntil }
  })
}

export function isKept({ rules, need }: Verdict): boolean {
  return rules.length > 0 || need !== undefined
}

const day = 86_400_000

/**
 * Until when the lock of a snapshot's versions is to be extended: as far as what needs it is locked itself, and two days more, once less than one
 * day more is left. A daily pass so extends every other day, and between two passes nothing is locked for longer than what it needs.
 * @param lockedUntil as it is; S3 never shortens it
 * @returns milliseconds of the epoch; undefined where it holds long enough
 */
export function lockWanted({ ownUntil, need }: Verdict, lockedUntil: string, now: Date): number | undefined {
  const locked = Date.parse(lockedUntil)
  const forOthers = need && need.until > now.getTime() && locked < need.until + day ? need.until + 2 * day : 0
  const wanted = Math.max(ownUntil ?? 0, forOthers)
  return wanted > locked && wanted > now.getTime() ? wanted : undefined
}
