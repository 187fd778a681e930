import pLimit from 'p-limit'
import { encodeTime } from 'ulid'
import type { RunOutcome } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { newNotice, openConditions } from '../catalogue/notices.ts'
import { runsSince } from '../catalogue/runs.ts'
import type { Source } from '../catalogue/sources.ts'
import { findTenantStored } from '../catalogue/stored.ts'
import { findWatchedTenant, summaryKind, type WatchedTenant, writeSummary } from '../catalogue/summaries.ts'
import { nextSummary } from '../catalogue/tenants.ts'
import type { DueItem } from './due-item.ts'
import type { Pass } from './pass.ts'
import { size } from './words.ts'

const day = 86_400_000
/** Days that one summary covers at most. */
const mostDays = 7
/** A run or a snapshot that ended in a day began at most so long before it. */
const begunBefore = { run: 2 * day, data: 8 * day, log: day }
/** Sources of one tenant that are read at a time. */
const readers = 8
/** Milliseconds after which no more is counted: a host that tells of runs without end would keep the pass from delivering anybody's notices. */
const countingFor = 45_000
/** Open conditions named in the text; the detail has all. */
const named = 5
const listed = 200

interface Figures {
  sources: number
  protectedSources: number
  runs: Partial<Record<RunOutcome, number>>
  snapshots: number
  addedBytes: number
  /** There was too much to count it all. */
  partial?: true
}

/**
 * The day of one tenant, once, however many passes come to it: the notice is written in the step that sets the next one. After a standstill one
 * summary covers the days since the last, a week at most. None for a suspended tenant.
 */
export async function summarizeDay(pass: Pass, item: DueItem): Promise<void> {
  const { catalogue, env } = pass
  const now = pass.clock()
  const tenant = await findWatchedTenant(catalogue, { PK: item.PK, SK: item.SK })
  if (tenant?.gsk === undefined || tenant.gsk > now.toISOString()) return
  const next = nextSummary(now)
  if (tenant.state !== 'active') return writeSummary(catalogue, tenant, undefined, next)
  const end = next.getTime() - day
  const from = new Date(Math.max(Date.parse(tenant.gsk) - day, end - mostDays * day)).toISOString()
  const to = new Date(end).toISOString()
  const figures = await figuresOf(pass, tenant, from, to)
  const stored = await findTenantStored(catalogue, tenant.tenant)
  const open: { kind: string; subject: string; since: string }[] = []
  let count = 0
  for await (const { kind, subject, since } of openConditions(catalogue, tenant.tenant))
    if (++count <= listed) open.push({ kind, subject: subject.name, since })
  const notice = newNotice(
    {
      at: now.toISOString(),
      receiver: env.RECEIVER_ID,
      tenant: tenant.tenant,
      kind: summaryKind,
      severity: count === 0 ? 'info' : 'warning',
      subject: { type: 'tenant', id: tenant.tenant, name: tenant.name },
      text: textOf(tenant, figures, stored.used, open, count),
      detail: { from, to, ...figures, storedBytes: stored.used, open, openCount: count },
    },
    'summary',
  )
  await writeSummary(catalogue, tenant, notice, next)
}

async function figuresOf(pass: Pass, { tenant }: WatchedTenant, from: string, to: string): Promise<Figures> {
  const sources = await pass.sources(tenant)
  const figures: Figures = { sources: sources.length, protectedSources: 0, runs: {}, snapshots: 0, addedBytes: 0 }
  const limit = pLimit(readers)
  const deadline = pass.clock().getTime() + countingFor
  const isOver = () => {
    const over = pass.clock().getTime() > deadline
    if (over) figures.partial = true
    return over
  }
  await limit.map(sources, async source => {
    if (source.lastReceivedAt !== undefined) figures.protectedSources++
    await addRuns(pass, figures, source, from, to, isOver)
    await addSnapshots(pass, figures, source, from, to, isOver)
  })
  return figures
}

type IsOver = () => boolean

async function addRuns(
  { catalogue }: Pass,
  { runs }: Figures,
  { source }: Source,
  from: string,
  to: string,
  isOver: IsOver,
) {
  const since = new Date(Date.parse(from) - begunBefore.run)
  for await (const { outcome, recordedAt } of runsSince(catalogue, source, since)) {
    if (isOver()) return
    if (recordedAt >= from && recordedAt < to) runs[outcome] = (runs[outcome] ?? 0) + 1
  }
}

async function addSnapshots(
  { catalogue }: Pass,
  figures: Figures,
  source: Source,
  from: string,
  to: string,
  isOver: IsOver,
) {
  if (source.lastReceivedAt === undefined || source.lastReceivedAt < from) return
  for (const lane of ['data', 'log'] as const) {
    const range = { after: encodeTime(Date.parse(from) - begunBefore[lane]), pageSize: 50 }
    for await (const { receivedAt, totals } of committedOn(catalogue, source.source, lane, range)) {
      if (isOver()) return
      if (receivedAt < from || receivedAt >= to) continue
      figures.snapshots++
      figures.addedBytes += totals.storedBytes
    }
  }
}

function textOf(
  { name }: WatchedTenant,
  { sources, protectedSources, runs, snapshots, addedBytes, partial }: Figures,
  storedBytes: number,
  open: { kind: string; subject: string }[],
  count: number,
): string {
  const outcomes = Object.entries(runs).map(([outcome, number]) => `${number} ${outcome}`)
  const wrong = open.slice(0, named).map(({ kind, subject }) => `${kind} (${subject})`)
  const more = count - wrong.length
  return [
    `${name}: ${protectedSources} of ${sources} sources have backups.`,
    ...(partial ? ['There was too much to count: the figures that follow are of a part of it.'] : []),
    `Runs: ${outcomes.length === 0 ? 'none' : outcomes.join(', ')}.`,
    `${snapshots} snapshots received, ${size(addedBytes)}; ${size(storedBytes)} stored.`,
    count === 0 ? 'Nothing is open.' : `Open: ${wrong.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
  ].join(' ')
}
