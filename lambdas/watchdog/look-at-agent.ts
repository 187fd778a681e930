import { nextRun, type Schedule } from '../../shared/schedule.ts'
import { findWatchedAgent, stillSilent, type WatchedAgent, writeAgentLook } from '../catalogue/agent-watch.ts'
import { speaksFor } from '../catalogue/agents.ts'
import { type NewNotice, raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { leastGrace } from '../expectations/plan.ts'
import { schedulesOf } from '../expectations/plan-of.ts'
import type { DueItem } from './due-item.ts'
import type { Pass } from './pass.ts'
import { duration, moment } from './words.ts'

const hour = 3_600_000
const day = 24 * hour
/** An agent is silent when it has not called for a day, and this many of its scheduled runs have come and gone. */
const runsUnheard = 3

/**
 * Looks at one agent: has it called since its schedules wanted it to? The silence is written down before it is told, and told only while it
 * lasts; a death in between leaves the agent due. `noteContact` makes a silent one due with its next call.
 */
export async function lookAtAgent(pass: Pass, item: DueItem): Promise<void> {
  const { catalogue } = pass
  const now = pass.clock()
  const agent = await findWatchedAgent(catalogue, { PK: item.PK, SK: item.SK })
  if (agent?.gsk === undefined || agent.gsk > now.toISOString() || agent.state !== 'active') return
  const silent = agent.silent ?? false
  if ((await pass.tenant(agent.tenant))?.state !== 'active') {
    await writeAgentLook(catalogue, agent, { silent, watchedFrom: now.toISOString() }, new Date(now.getTime() + hour))
    return
  }
  const since = silent ? Date.parse(agent.lastSeen) : quietSince(pass, agent)
  const silentAt = silenceAfter(await schedulesOn(pass, agent), new Date(since))
  if (silentAt === undefined || now < silentAt) {
    if (silent) await recoverCondition(catalogue, heardAgain(pass, agent, now))
    await writeAgentLook(catalogue, agent, { silent: false }, silentAt ?? new Date(now.getTime() + day))
    return
  }
  if (!silent && !(await writeAgentLook(catalogue, agent, { silent: true }, now))) return
  await raiseCondition(catalogue, silence(pass, agent, now), stillSilent(agent))
  const written = silent ? agent : { ...agent, gsk: now.toISOString() }
  await writeAgentLook(catalogue, written, { silent: true }, new Date(now.getTime() + day))
}

function quietSince({ resumedAt }: Pass, { lastSeen, watchedFrom }: WatchedAgent): number {
  return Math.max(Date.parse(lastSeen), resumedAt.getTime(), watchedFrom === undefined ? 0 : Date.parse(watchedFrom))
}

/** undefined: it has no schedule, so that it may be silent for as long as it likes. */
function silenceAfter(schedules: Schedule[], since: Date): Date | undefined {
  let run: Date | undefined = since
  for (let n = 0; n < runsUnheard && run; n++) run = earliest(schedules, run)
  return run && new Date(Math.max(since.getTime() + day, run.getTime() + leastGrace))
}

function earliest(schedules: Schedule[], after: Date): Date | undefined {
  const runs = schedules.map(schedule => nextRun(schedule, after)).filter(run => run !== undefined)
  return runs.reduce<Date | undefined>((first, run) => (first && first < run ? first : run), undefined)
}

async function schedulesOn(pass: Pass, agent: WatchedAgent): Promise<Schedule[]> {
  const sources = (await pass.sources(agent.tenant)).filter(source => speaksFor(agent, source.agent))
  return sources.flatMap(source => Object.values(schedulesOf(source)))
}

function silence(pass: Pass, agent: WatchedAgent, now: Date): NewNotice {
  const quiet = duration(now.getTime() - Date.parse(agent.lastSeen))
  return {
    ...common(pass, agent, now),
    severity: 'critical',
    text: `${agent.name} last called at ${moment(agent.lastSeen)}, ${quiet} ago, though its schedules wanted runs since. Look whether the host is up, whether "failsafe run" is running there, and whether it reaches the receiver.`,
  }
}

function heardAgain(pass: Pass, agent: WatchedAgent, now: Date): NewNotice {
  return {
    ...common(pass, agent, now),
    severity: 'info',
    text: `${agent.name} called again at ${moment(agent.lastSeen)}.`,
  }
}

function common({ env }: Pass, agent: WatchedAgent, now: Date) {
  return {
    at: now.toISOString(),
    receiver: env.RECEIVER_ID,
    tenant: agent.tenant,
    kind: 'agent-silent' as const,
    subject: { type: 'agent' as const, id: agent.agent, name: agent.name },
    detail: { lastSeen: agent.lastSeen },
  }
}
