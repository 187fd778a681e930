import { encodeTime } from 'ulid'
import { z } from 'zod'
import { RunRequest } from '../../shared/api/agent.ts'
import type { SourceId } from '../../shared/ids.ts'
import { runKey, ttl } from './keys.ts'
import { isRefused, prefixed, put, query, type Table } from './table.ts'

export const RunRecord = RunRequest.extend({ recordedAt: z.iso.datetime() })
export type RunRecord = z.infer<typeof RunRecord>

/** Nothing is planned or kept by runs: they tell what happened, for as long as people look back. */
const keptDays = 400

/** The newest word on a run counts, except that a late heartbeat never brings an ended run back to life. */
export async function recordRun(table: Table, record: RunRecord): Promise<void> {
  const heartbeat = record.outcome === 'running'
  await put(table, {
    key: runKey(record.source, record.run),
    item: { ...record, ttl: ttl(new Date(Date.parse(record.recordedAt) + keptDays * 86_400_000)) },
    ...(heartbeat
      ? { condition: 'attribute_not_exists(#PK) OR #outcome = :running', values: { ':running': 'running' } }
      : {}),
  }).catch(error => {
    if (!isRefused(error)) throw error
  })
}

/** Newest first. */
export async function latestRuns(table: Table, source: SourceId, limit: number): Promise<RunRecord[]> {
  const runs: RunRecord[] = []
  const range = { ...prefixed(`S#${source}`, 'R#'), backwards: true, pageSize: limit }
  for await (const run of query(table, RunRecord, range)) if (runs.push(run) >= limit) break
  return runs
}

/** In the order in which they began, lazily. A run's id carries the host's clock: the caller looks at `recordedAt`. */
export function runsSince(table: Table, source: SourceId, since: Date): AsyncGenerator<RunRecord> {
  const { PK, to } = prefixed(`S#${source}`, 'R#')
  return query(table, RunRecord, { PK, from: runKey(source, encodeTime(since.getTime())).SK, to })
}
