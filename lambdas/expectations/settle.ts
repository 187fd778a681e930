import type { Expected } from './ledger.ts'
import { graceOf, type Mode, nextExpected, type Plan } from './plan.ts'

/*
 * One mode of one source. `e` is the earliest expected moment that no snapshot has met, e' and e'' those after it.
 *
 *   waiting ──── e + jitter + grace passes ────▶ late ──── e' passes, and twice the grace ────▶ missed ──┐ e becomes e',
 *      ▲                                          │                                              │  ▲    │ a run is recorded
 *      └───────────── a snapshot received at e or later: e becomes the moment after it ──────────┴──┘◀───┘ as missed
 *
 * While a run holds the lane it is not late yet, until e'' at most. Moments that passed while the watchdog itself stood still count from its
 * return: whoever could not report gets the grace once more.
 */

export interface Facts {
  now: Date
  /** When the watchdog came back after it had stood still. */
  resumedAt: Date
  /** The newest receipt that does for this mode. */
  received: Date | undefined
  /** A run holds the lane until then. */
  busyUntil: Date | undefined
}

export interface Settled {
  /** undefined: nothing is expected any more. */
  state: Expected | undefined
  lookAt: Date | undefined
  /** Only told where it was late before. */
  recovered?: { late: string; missed: string | null; received: Date }
  /** Moments that passed without a run, newly. */
  missed?: { from: string; to: string; count: number }
}

/** So long after the end of a lease, one that was renewed meanwhile shows. */
const afterLease = 60_000
/** Moments declared missed in one look; the next look goes on. */
const mostAtOnce = 1000

export function settle(plan: Plan, mode: Mode, before: Expected, facts: Facts): Settled {
  const { received } = facts
  if (!received || !meets(plan, mode, received, before.expected)) return wait(plan, mode, before, facts)
  const next = nextExpected(plan, mode, received)
  const settled = next
    ? wait(plan, mode, { expected: next.toISOString(), late: null, missed: null }, facts)
    : { state: undefined, lookAt: undefined }
  if (before.late === null) return settled
  return { ...settled, recovered: { late: before.late, missed: before.missed, received } }
}

/** A run by schedule is met by what is received from its moment on; the provider's least by whatever moves it. */
function meets(plan: Plan, mode: Mode, received: Date, expected: string): boolean {
  if (mode !== 'any') return received.toISOString() >= expected
  const moved = nextExpected(plan, mode, received)
  return moved === undefined || moved.toISOString() > expected
}

function wait(plan: Plan, mode: Mode, before: Expected, facts: Facts): Settled {
  const { now, busyUntil } = facts
  let expected = new Date(before.expected)
  const lateAt = deadlineOf(plan, mode, expected, facts)
  if (before.late === null && now < lateAt) return { state: before, lookAt: lateAt }
  if (busyUntil && busyUntil > now) {
    const lastly = nextButOne(plan, mode, expected)
    if (!lastly || now < lastly) {
      const lookAt = busyUntil.getTime() + afterLease
      return { state: before, lookAt: new Date(lastly ? Math.min(lookAt, lastly.getTime()) : lookAt) }
    }
  }
  const late = before.late ?? before.expected
  const from = before.expected
  let to = from
  let count = 0
  for (;;) {
    const next = nextExpected(plan, mode, expected)
    if (!next) return result(undefined)
    const missedAt = new Date(
      Math.max(
        next.getTime() + plan.jitterSeconds * 1000,
        deadlineOf(plan, mode, expected, facts).getTime() + graceOf(plan, mode, expected),
      ),
    )
    if (now < missedAt) return result(missedAt)
    if (count === mostAtOnce) return result(now)
    to = expected.toISOString()
    count++
    expected = next
  }

  function result(lookAt: Date | undefined): Settled {
    const missed = count > 0 ? (before.missed ?? from) : before.missed
    return {
      state: { expected: expected.toISOString(), late, missed },
      lookAt,
      ...(count === 0 ? {} : { missed: { from, to, count } }),
    }
  }
}

function deadlineOf(plan: Plan, mode: Mode, expected: Date, { resumedAt }: Facts): Date {
  const due = Math.max(expected.getTime() + plan.jitterSeconds * 1000, resumedAt.getTime())
  return new Date(due + graceOf(plan, mode, expected))
}

function nextButOne(plan: Plan, mode: Mode, expected: Date): Date | undefined {
  const next = nextExpected(plan, mode, expected)
  return next && nextExpected(plan, mode, next)
}
