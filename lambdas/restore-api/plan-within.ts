import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../shared/api/restore.ts'
import type { Moment } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import { withUnits } from '../catalogue/units.ts'
import { type CataloguePlan, planFrom } from './plan.ts'
import type { RestoreApiPorts } from './ports.ts'
import { snapshotRemoved } from './removed.ts'
import { allowsSnapshot, allowsTime, isLimited, momentWithin, requireTimes, type Scope, unitsWithin } from './scope.ts'

export interface PlanWithin extends CataloguePlan {
  moment: Moment
  /** The units it is about, where they were asked for or the scope names some. */
  wanted: string[] | undefined
}

/** As answers name the moment of a plan. */
export function namesOf({ moment }: PlanWithin) {
  return {
    at: moment.kind === 'at' ? moment.at : null,
    of: moment.kind === 'snapshot' ? moment.snapshot : null,
  }
}

/** Of the packs of its snapshots. */
export function bytesOf({ snapshots }: PlanWithin): number {
  return snapshots.reduce((sum, { totals }) => sum + totals.storedBytes, 0)
}

/**
 * Plans a restore that stays within a link's scope. Without a moment of its own it leads to the latest state that the link allows: where the
 * link ends at a moment, to the last one up to there that all units have.
 * @throws ProblemError as `planFrom`; `out-of-scope`; `not-restorable` when what the link is for was removed
 */
export async function planWithin(
  { catalogue, clock }: RestoreApiPorts,
  source: Source,
  scope: Scope,
  request: z.output<typeof RestoreManifestRequest>,
): Promise<PlanWithin> {
  const asked = momentWithin(scope, request)
  const wanted = unitsWithin(scope, request.units)
  switch (asked.kind) {
    case 'at':
      return plan(asked, wanted)
    case 'snapshot':
      return plan(asked, isLimited(scope) ? await unitsOf(asked.snapshot) : wanted)
    case 'latest':
      return planLatest()
  }

  async function plan(moment: Moment, units: string[] | undefined): Promise<PlanWithin> {
    return { ...(await planFrom(catalogue, source.source, moment, units)), moment, wanted: units }
  }

  async function planLatest(): Promise<PlanWithin> {
    const { until } = scope
    if (until === null || Date.parse(until) > clock().getTime()) {
      const latest = await plan({ kind: 'latest' }, wanted)
      requireTimes(scope, latest.units)
      return latest
    }
    try {
      return await plan({ kind: 'at', at: until }, wanted)
    } catch (error) {
      const before = lastBefore(error)
      if (before === undefined || !allowsTime(scope, before)) throw error
      return plan({ kind: 'at', at: before }, wanted)
    }
  }

  /** Without units in the request: those of the link that the snapshot has. */
  async function unitsOf(id: string): Promise<string[] | undefined> {
    const item = await findSnapshot(catalogue, id)
    if (item?.state !== 'committed' || item.source !== source.source) {
      // it was there when the link was made
      if (scope.snapshots?.includes(id)) throw snapshotRemoved(id, 'Ask who gave you the link for a new one')
      throw new ProblemError('not-found', 'no such snapshot')
    }
    const { units } = await withUnits(catalogue, item, wanted && new Set(wanted))
    if (!allowsSnapshot(scope, id, units)) throw new ProblemError('out-of-scope', 'it is not for this snapshot')
    return wanted === undefined ? undefined : (request.units ?? units.map(({ unit }) => unit))
  }
}

function lastBefore(error: unknown): string | undefined {
  if (!(error instanceof ProblemError && error.code === 'not-restorable')) return undefined
  return (error.extra.nearest as { before: string | null }).before ?? undefined
}
