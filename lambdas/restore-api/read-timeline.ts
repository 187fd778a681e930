import { createRoute, z } from '@hono/zod-openapi'
import { TimelineResponse, type TimelineSnapshot } from '../../shared/api/restore.ts'
import { SourceId, ulidOf } from '../../shared/ids.ts'
import { timelineOf } from '../../shared/planner/timeline.ts'
import { committedOn } from '../catalogue/history.ts'
import { latestRuns } from '../catalogue/runs.ts'
import { type Committed, findSnapshot } from '../catalogue/snapshots.ts'
import { withUnits } from '../catalogue/units.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { wholeHistory } from './history.ts'
import { sourceFor } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/sources/{source}/timeline',
  summary: 'What can be restored, newest snapshots first',
  request: {
    params: z.object({ source: SourceId }),
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      before: z
        .string()
        .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)
        .optional(),
    }),
  },
  responses: {
    200: jsonAnswer("Snapshots; on the first page also the units' ranges and the last runs", TimelineResponse),
    default: refusal,
  },
})

/** An answer of a function has 6 MB at most; a page ends before its unit lists take half of that. */
const pageBytes = 3_000_000
const runsShown = 50

export function readTimeline(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { limit, before } = c.req.valid('query')
    const { holder } = c.var
    const source = await sourceFor(ports, holder, c.req.valid('param').source)
    const about = { source: source.source, sourceName: source.name, engine: source.engine }
    const only = holder.kind === 'link' ? holder.link.snapshot : null
    if (only !== null) {
      const item = await findSnapshot(catalogue, only)
      const snapshots = item?.state === 'committed' ? [await shown(item)] : []
      return c.json({ ...about, units: [], snapshots, runs: [], next: null }, 200)
    }
    const { snapshots, next } = await page(source.source, limit, before)
    if (before !== undefined) return c.json({ ...about, units: [], snapshots, runs: [], next }, 200)
    const units = timelineOf((await wholeHistory(catalogue, source.source)).snapshots)
    return c.json({ ...about, units, snapshots, runs: await runsOf(source.source), next }, 200)
  })

  async function page(source: SourceId, limit: number, before: string | undefined) {
    const snapshots: TimelineSnapshot[] = []
    let bytes = 0
    for await (const item of newestFirst(source, before)) {
      if (snapshots.length === limit || bytes > pageBytes)
        return { snapshots, next: ulidOf(snapshots.at(-1)!.snapshot) }
      const snapshot = await shown(item)
      bytes += JSON.stringify(snapshot.units).length
      snapshots.push(snapshot)
    }
    return { snapshots, next: null }
  }

  async function* newestFirst(source: SourceId, before: string | undefined): AsyncGenerator<Committed> {
    const range = { before, backwards: true }
    const lanes = [committedOn(catalogue, source, 'data', range), committedOn(catalogue, source, 'log', range)] as const
    let [data, log] = [(await lanes[0].next()).value, (await lanes[1].next()).value]
    while (data || log) {
      if (data && (!log || data.snapshot > log.snapshot)) {
        yield data
        data = (await lanes[0].next()).value
      } else if (log) {
        yield log
        log = (await lanes[1].next()).value
      }
    }
  }

  async function shown(item: Committed): Promise<TimelineSnapshot> {
    const { agent, lockedUntil, totals, proof, warnings } = item
    const { sourceBytes, sealedBytes, artefacts } = totals
    const snapshot = await withUnits(catalogue, item)
    return { ...snapshot, agent, lockedUntil, sourceBytes, sealedBytes, artefacts, proof: proof ?? null, warnings }
  }

  async function runsOf(source: SourceId) {
    const runs = await latestRuns(catalogue, source, runsShown)
    return runs.map(({ run, outcome, startedAt, finishedAt, message }) => ({
      run,
      outcome,
      startedAt,
      finishedAt: finishedAt ?? null,
      message: message ?? null,
    }))
  }
}
