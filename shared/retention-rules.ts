import type { Retention } from './retention.ts'
import type { SnapshotKind } from './snapshot.ts'

const day = 86_400_000

/** What the rules look at. Nothing of it is the host's word, but that a snapshot is of kind full. */
export interface Received {
  snapshot: string
  kind: SnapshotKind
  receivedAt: string
  /** The least age that was promised when it was received: a policy shortened later does not take it back. */
  minimumDays: number
}

/** Why a snapshot is kept for its own sake. A period is written `2026-11-22`, `2026-W47`, `2026-11`, `2026`. */
export type Rule =
  | 'minimum-age'
  | 'newest-state'
  | 'head'
  | `${'first' | 'last'} of ${'day' | 'week' | 'month' | 'year'} ${string}`

/** Milliseconds of the epoch until which a snapshot is younger than its minimum age: its own lock ends no earlier. */
export function minimumAgeEnd({ receivedAt, minimumDays }: Received, policy: Retention): number {
  return Date.parse(receivedAt) + Math.max(minimumDays, policy.minimumDays) * day
}

/**
 * What policy keeps by the receiver's clock alone.
 * - minimum age: everything received at or after the oldest snapshot that is younger than its minimum, so that a shortened policy leaves no holes;
 * - within each period that lies within reach, the first snapshot of kind full that was received and the last one. The current period and as many
 *   full ones before it as the rule says are within reach.
 * @param snapshots of one source, in the receiver's order
 */
export function keptByRule(snapshots: Received[], policy: Retention, now: Date): Map<string, Rule[]> {
  const rules = new Map<string, Rule[]>()
  const keep = ({ snapshot }: Received, rule: Rule) => {
    const known = rules.get(snapshot)
    if (known) known.push(rule)
    else rules.set(snapshot, [rule])
  }
  const oldest = snapshots.findIndex(each => minimumAgeEnd(each, policy) > now.getTime())
  if (oldest >= 0) for (const each of snapshots.slice(oldest)) keep(each, 'minimum-age')

  const fulls = snapshots.filter(({ kind }) => kind === 'full')
  const reaches = {
    day: policy.keep.dailyDays,
    week: policy.keep.weeklyWeeks,
    month: policy.keep.monthlyMonths,
    year: policy.keep.yearlyYears,
  }
  for (const [unit, reach] of Object.entries(reaches) as [keyof typeof periods, number][]) {
    if (reach === 0) continue
    const { indexOf, nameOf } = periods[unit]
    const current = indexOf(now)
    const ends = new Map<number, { first: Received; last: Received }>()
    for (const full of fulls) {
      const index = indexOf(new Date(full.receivedAt))
      if (current - index > reach) continue
      const known = ends.get(index)
      if (known) known.last = full
      else ends.set(index, { first: full, last: full })
    }
    for (const { first, last } of ends.values()) {
      keep(first, `first of ${unit} ${nameOf(new Date(first.receivedAt))}`)
      if (last !== first) keep(last, `last of ${unit} ${nameOf(new Date(last.receivedAt))}`)
    }
  }
  return rules
}

/** Periods of UTC, each with a number that grows by one from one to the next. ISO weeks begin on Mondays; 1970 began on a Thursday. */
const periods = {
  day: { indexOf: (at: Date) => Math.floor(at.getTime() / day), nameOf: (at: Date) => at.toISOString().slice(0, 10) },
  week: { indexOf: (at: Date) => Math.floor((at.getTime() / day + 3) / 7), nameOf: weekName },
  month: {
    indexOf: (at: Date) => at.getUTCFullYear() * 12 + at.getUTCMonth(),
    nameOf: (at: Date) => at.toISOString().slice(0, 7),
  },
  year: { indexOf: (at: Date) => at.getUTCFullYear(), nameOf: (at: Date) => at.toISOString().slice(0, 4) },
}

/** An ISO week belongs to the year that its Thursday lies in. */
function weekName(at: Date): string {
  const thursday = new Date(periods.week.indexOf(at) * 7 * day)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}
