import { type Agent, findAgent } from '../catalogue/agents.ts'
import { findWatchedSource, unchangedSince, type WatchedSource, writeLedger } from '../catalogue/expectations.ts'
import { type LaneNews, laneNews } from '../catalogue/lane-news.ts'
import { findLane } from '../catalogue/leases.ts'
import { raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { latestRuns, recordRun } from '../catalogue/runs.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { isFailing } from '../expectations/failing.ts'
import { dismissed, type Judgement, judge, latest, paused, type Seen } from '../expectations/judge.ts'
import { besides, problemsIn } from '../expectations/problems.ts'
import type { DueItem } from './due-item.ts'
import { missedRun } from './missed-run.ts'
import type { Pass } from './pass.ts'
import { recoveredNotice, sourceNotice } from './source-notices.ts'

/** A source of a suspended tenant, of which nothing is expected, is looked at again after this. */
const pausedFor = 3_600_000
/** A commit that has begun holds its lane at least so long from now. */
const committingFor = 10 * 60_000
/** Runs that are read to see what became of the last ones. */
const runsRead = 20

/**
 * Looks at one source: what was received, what is late or missed, what fails, what is odd. A look may die between any two writes, and two may
 * happen at once:
 *
 *   missed runs recorded ─▶ recoveries told ─▶ what is newly wrong written down ─▶ told ─▶ ledger, time of the next look
 *
 * Each step finds what was done before: a missed run has the same id again, a condition is raised once and recovers once, the ledger is written
 * only if nothing has changed since it was read. A condition is open only where the ledger has its reason, and what the ledger has
 * is told again by each look, so that nothing stays untold or open for ever.
 */
export async function lookAtSource(pass: Pass, item: DueItem): Promise<void> {
  const { catalogue } = pass
  const now = pass.clock()
  const source = await findWatchedSource(catalogue, { PK: item.PK, SK: item.SK })
  if (source?.gsk === undefined || source.gsk > now.toISOString()) return // another look was here meanwhile
  const tenant = await pass.tenant(source.tenant)
  if (!tenant) throw new Error(`source ${source.source} is of tenant ${source.tenant}, which is not there`)

  const { ledger, lookAt, missed } = await findings(pass, source, tenant, now)
  const before = problemsIn(source.ledger)
  const problems = problemsIn(ledger)
  const host = before.length + problems.length > 0 ? await hostOf(pass, source) : undefined
  const about = { receiver: pass.env.RECEIVER_ID, source, host, now }

  for (const each of missed) await recordRun(catalogue, missedRun(source, each, now))
  for (const problem of besides(before, problems))
    await recoverCondition(catalogue, recoveredNotice(about, problem, ledger))
  let revision = source.watchRevision
  if (besides(problems, before).length > 0) {
    if (!(await writeLedger(catalogue, source, ledger, now))) return
    revision++
  }
  const unchanged = unchangedSince(source, revision)
  for (const problem of problems) await raiseCondition(catalogue, sourceNotice(about, problem, ledger), unchanged)
  await writeLedger(catalogue, { ...source, watchRevision: revision }, ledger, lookAt)
}

async function findings(pass: Pass, source: WatchedSource, tenant: Tenant, now: Date): Promise<Judgement> {
  const { catalogue, resumedAt } = pass
  if (tenant.state !== 'active')
    return { ledger: paused(source, tenant, now), lookAt: new Date(now.getTime() + pausedFor), missed: [] }
  const [data, log] = await Promise.all([
    laneNews(catalogue, source.source, 'data', source.ledger.read.data),
    laneNews(catalogue, source.source, 'log', source.ledger.read.log),
  ])
  const seen: Seen = { source, tenant, data, log, busy: { data: undefined, log: undefined }, now, resumedAt }
  let judgement = judge(seen)
  if (isWorse(source, judgement))
    judgement = judge({ ...seen, busy: await busyLanes(pass, source, { data, log }, now) })
  judgement = await withRuns(pass, source, judgement)
  if (problemsIn(judgement.ledger).length > 0 && (await isDismissed(pass, source)))
    return { ledger: dismissed(judgement.ledger), lookAt: undefined, missed: [] }
  return judgement
}

function isWorse(source: WatchedSource, { ledger, missed }: Judgement): boolean {
  return missed.length > 0 || besides(problemsIn(ledger), problemsIn(source.ledger)).length > 0
}

async function busyLanes(
  { catalogue }: Pass,
  { source }: WatchedSource,
  news: { data: LaneNews; log: LaneNews },
  now: Date,
): Promise<Seen['busy']> {
  const until = async (lane: 'data' | 'log') => {
    if (news[lane].committing) return new Date(now.getTime() + committingFor)
    const { lease } = await findLane(catalogue, source, lane)
    return lease && !lease.released && lease.until > now.toISOString() ? new Date(lease.until) : undefined
  }
  return { data: await until('data'), log: await until('log') }
}

/** Runs that came and failed are not missed: they fail. */
async function withRuns({ catalogue }: Pass, source: WatchedSource, judgement: Judgement): Promise<Judgement> {
  const { ledger, missed } = judgement
  const received = latest('any', ledger.received)?.toISOString()
  const failed = source.failedAt !== undefined && source.failedAt > (received ?? '')
  if (missed.length === 0 && !failed && !source.ledger.failing) return judgement
  const runs = await latestRuns(catalogue, source.source, runsRead)
  const tried = missed.filter(({ from }) => runs.some(run => run.outcome !== 'missed' && run.recordedAt >= from))
  const modes = { ...ledger.modes }
  for (const { mode } of tried) {
    const state = modes[mode]
    if (state) modes[mode] = { ...state, missed: source.ledger.modes[mode]?.missed ?? null }
  }
  return {
    ...judgement,
    ledger: { ...ledger, modes, failing: isFailing(runs, received) },
    missed: missed.filter(each => !tried.includes(each)),
  }
}

/** Revoked, and no other host has taken its place. */
async function isDismissed({ catalogue }: Pass, source: WatchedSource): Promise<boolean> {
  const agent = await findAgent(catalogue, source.agent)
  return agent?.state === 'revoked' && agent.replacedBy === undefined
}

/** The host that backs the source up now. */
async function hostOf({ catalogue }: Pass, source: WatchedSource): Promise<Agent | undefined> {
  let agent = await findAgent(catalogue, source.agent)
  while (agent?.replacedBy !== undefined) agent = await findAgent(catalogue, agent.replacedBy)
  return agent
}
