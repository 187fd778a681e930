import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../shared/api/restore.ts'
import type { Moment, RestorePlan } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { Link } from '../catalogue/links.ts'
import type { Holder } from './holder.ts'

/** What a holder may restore; an agent everything that is its own. */
export type Scope = Pick<Link, 'snapshots' | 'units' | 'since' | 'until'>

export function scopeOf(holder: Holder): Scope {
  return holder.kind === 'link' ? holder.link : { snapshots: null, units: null, since: null, until: null }
}

export function isLimited({ snapshots, units, since, until }: Scope): boolean {
  return [snapshots, units, since, until].some(limit => limit !== null)
}

/** Whether a moment on the engine's clock is one that may be restored. */
export function allowsTime({ since, until }: Scope, instant: string): boolean {
  const time = Date.parse(instant)
  return (since === null || time >= Date.parse(since)) && (until === null || time <= Date.parse(until))
}

/** Whether the state that a snapshot leaves its units in may be restored; of other units there is nothing to know. */
export function allowsSnapshot(scope: Scope, snapshot: string, units: UnitEntry[]): boolean {
  if (scope.snapshots !== null && !scope.snapshots.includes(snapshot)) return false
  const allowed = scope.units === null ? units : units.filter(({ unit }) => scope.units!.includes(unit))
  return allowed.length > 0 && allowed.every(({ covers }) => allowsTime(scope, covers.to))
}

/** The units that are meant; undefined for all. @throws ProblemError `out-of-scope` */
export function unitsWithin({ units: allowed }: Scope, asked: string[] | undefined): string[] | undefined {
  if (allowed === null) return asked
  const beyond = asked?.find(unit => !allowed.includes(unit))
  if (beyond !== undefined) throw new ProblemError('out-of-scope', `it is not for ${beyond}`)
  return asked ?? allowed
}

/** The moment that is meant, as far as the request alone tells. @throws ProblemError `out-of-scope` or `invalid-request` */
export function momentWithin(scope: Scope, { at, snapshot }: z.output<typeof RestoreManifestRequest>): Moment {
  if (at !== undefined && snapshot !== undefined)
    throw new ProblemError('invalid-request', 'give either at or snapshot, or neither')
  if (scope.snapshots !== null) {
    if (at !== undefined || (snapshot !== undefined && !scope.snapshots.includes(snapshot)))
      throw new ProblemError('out-of-scope', `it is for ${scope.snapshots.join(', ')} alone`)
    return { kind: 'snapshot', snapshot: snapshot ?? scope.snapshots.toSorted().at(-1)! }
  }
  if (snapshot !== undefined) return { kind: 'snapshot', snapshot }
  if (at === undefined) return { kind: 'latest' }
  if (!allowsTime(scope, at)) throw outsideTime(scope)
  return { kind: 'at', at }
}

/** @throws ProblemError `out-of-scope` when a unit's state is of a time that may not be restored */
export function requireTimes(scope: Scope, units: RestorePlan['units']): void {
  if (!units.every(({ reached }) => allowsTime(scope, reached))) throw outsideTime(scope)
}

function outsideTime({ since, until }: Scope): ProblemError {
  const span = [since && `from ${since}`, until && `until ${until}`].filter(Boolean).join(' ')
  return new ProblemError('out-of-scope', `it is for moments ${span}`)
}
