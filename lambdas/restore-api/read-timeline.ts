import { createRoute, z } from '@hono/zod-openapi'
import { TimelineResponse } from '../../shared/api/restore.ts'
import { SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { Instant } from '../../shared/snapshot.ts'
import { latestRuns } from '../catalogue/runs.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { sourceFor } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'
import { allowsTime, isLimited, type Scope, scopeOf } from './scope.ts'
import { snapshotsPage } from './snapshots-page.ts'
import { Unit, Units } from './unit-query.ts'
import { unitsPage } from './units-page.ts'
import type { Window } from './window-history.ts'

const ulid = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)

const route = createRoute({
  method: 'get',
  path: '/v1/sources/{source}/timeline',
  summary: 'What can be restored, newest snapshots first',
  request: {
    params: z.object({ source: SourceId }),
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      before: ulid.optional(),
      from: Instant.optional(),
      until: Instant.optional(),
      unit: Units,
      afterUnit: Unit.optional(),
    }),
  },
  responses: {
    200: jsonAnswer(
      "Snapshots; on the first page also the units' ranges in a window of time and the last runs",
      TimelineResponse,
    ),
    default: refusal,
  },
})

const day = 86_400_000
const windowDays = 35
const lateDays = 35
const longestWindowDays = 100
const runsShown = 50

/** Three kinds of pages: the first one; more snapshots (`before`); more units of the same window (`afterUnit`). */
export function readTimeline(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { limit, before, unit, afterUnit, ...span } = c.req.valid('query')
    const { holder } = c.var
    const { source, name, engine } = await sourceFor(ports, holder, c.req.valid('param').source)
    const scope = scopeOf(holder)
    const units = unitsShown(scope, unit)
    const page = {
      source,
      sourceName: name,
      engine,
      window: null,
      units: [],
      nextUnit: null,
      snapshots: [],
      runs: [],
      next: null,
    }
    const window = windowOf(span, scope, clock())
    // a link for some snapshots leads to their states alone, not to moments between them
    const ranges = before === undefined && scope.snapshots === null
    const about = ranges ? await unitsPage(catalogue, source, window, scope, units, afterUnit, clock()) : {}
    if (afterUnit !== undefined) return c.json({ ...page, ...about }, 200)
    const newest = before ?? (span.until === undefined ? undefined : { until: window.until })
    const listed = await snapshotsPage(catalogue, source, scope, { limit, before: newest, units })
    const runs = before === undefined ? await runsOf(source, scope) : []
    return c.json({ ...page, ...about, ...listed, runs }, 200)
  })

  /** They tell of the whole source. */
  async function runsOf(source: SourceId, scope: Scope) {
    if (scope.snapshots !== null || scope.units !== null) return []
    const runs = await latestRuns(catalogue, source, runsShown)
    return runs
      .filter(({ startedAt }) => !isLimited(scope) || allowsTime(scope, startedAt))
      .map(({ run, outcome, startedAt, finishedAt, message }) => ({
        run,
        outcome,
        startedAt,
        finishedAt: finishedAt ?? null,
        message: message ?? null,
      }))
  }
}

/** Those asked for that the link is for; undefined for all. */
function unitsShown({ units: allowed }: Scope, asked: string[] | undefined): string[] | undefined {
  if (allowed === null || asked === undefined) return asked ?? allowed ?? undefined
  return asked.filter(unit => allowed.includes(unit))
}

/** @throws ProblemError `invalid-request` */
function windowOf(span: { from?: string | undefined; until?: string | undefined }, scope: Scope, now: Date): Window {
  // what a link allows up to a moment may be backed up long after it, by a host that was away
  const end = scope.until === null ? now.getTime() : Math.min(now.getTime(), Date.parse(scope.until))
  const late = end + lateDays * day
  const until =
    span.until !== undefined ? Date.parse(span.until) : late < now.getTime() ? late : Number.POSITIVE_INFINITY
  const from = span.from === undefined ? Math.min(until, end) - windowDays * day : Date.parse(span.from)
  if (from >= until) throw new ProblemError('invalid-request', 'from: it is not earlier than until')
  if (Math.min(until, now.getTime()) - from > longestWindowDays * day)
    throw new ProblemError('invalid-request', `from: a window has ${longestWindowDays} days at most`, {
      fix: 'Ask for one window after the other',
    })
  return { from, until }
}
