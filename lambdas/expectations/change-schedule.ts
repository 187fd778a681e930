import { isDeepStrictEqual } from 'node:util'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import type { Agent } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { madeDue } from '../catalogue/expectations.ts'
import { newNotice, noticeStep } from '../catalogue/notices.ts'
import { mayTell } from '../catalogue/rates.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import { isRefused, type Step, transact, update } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import type { Ports } from '../http/ports.ts'
import { promises } from './plan.ts'
import { leastOf, type Scheduled, schedulesOf } from './plan-of.ts'
import { heldAfter, weakenedKinds } from './weakened.ts'

/**
 * Takes a host's word on its schedule; what it leaves out stays. A weaker one is audited and told, and the old one holds for one of its
 * intervals. The same word again changes nothing.
 */
export async function changeSchedule(
  ports: Pick<Ports, 'catalogue' | 'clock' | 'env'>,
  by: { agent: Agent; tenant: Tenant },
  source: Source,
  wish: Scheduled,
): Promise<void> {
  const { catalogue, clock } = ports
  for (let before = source, attempt = 1; ; attempt++) {
    const now = clock()
    const after: Scheduled = {
      schedule: wish.schedule ?? before.schedule,
      timeZone: wish.timeZone ?? before.timeZone,
      jitterSeconds: wish.jitterSeconds ?? before.jitterSeconds,
    }
    if (isDeepStrictEqual(after, scheduleIn(before))) {
      // a host that took another's place: its sources are expected again, from now on
      if (before.agent !== by.agent.agent)
        await update(catalogue, madeDue(before.tenant, before.source, now, { scheduledAt: now.toISOString() }))
      return
    }
    try {
      return await transact(catalogue, await stepsOf(ports, by, before, after, now))
    } catch (error) {
      if (!isRefused(error) || attempt >= 5) throw error
      const found = await findSource(catalogue, source.tenant, source.source)
      if (!found) throw error
      before = found // another request was first, or the watchdog wrote: look again
    }
  }
}

function scheduleIn({ schedule, timeZone, jitterSeconds }: Source): Scheduled {
  return { schedule, timeZone, jitterSeconds }
}

async function stepsOf(
  { catalogue, env }: Pick<Ports, 'catalogue' | 'env'>,
  { agent, tenant }: { agent: Agent; tenant: Tenant },
  before: Source,
  after: Scheduled,
  now: Date,
): Promise<Step[]> {
  const at = now.toISOString()
  const old = schedulesOf(before)
  const next = schedulesOf(after)
  const weakened = weakenedKinds(old, next, now)
  const least = fallsShort(before, after, tenant, now)
  const { scheduledAt } = before
  const change = madeDue(before.tenant, before.source, now, {
    scheduledAt: at,
    held: heldAfter({ schedules: old, held: before.held ?? {} }, next, now),
    ...Object.fromEntries(Object.entries(after).filter(([, value]) => value !== undefined)),
  })
  const detail = { before: scheduleIn(before), after, weakened, ...(least === undefined ? {} : { least }) }
  const isWeaker = weakened.length > 0 || least !== undefined
  const isTold = isWeaker && (await mayTell(catalogue, agent.agent, now))
  return [
    {
      update: {
        ...change,
        condition: scheduledAt === undefined ? 'attribute_not_exists(#scheduledAt)' : '#scheduledAt = :seen',
        values: { ...change.values, ...(scheduledAt === undefined ? {} : { ':seen': scheduledAt }) },
      },
    },
    {
      put: auditCreation(before.tenant, {
        at,
        actor: `agent:${agent.agent}`,
        action: 'schedule-changed',
        target: before.source,
        detail,
      }),
    },
    ...(!isTold
      ? []
      : [
          noticeStep(
            newNotice(
              {
                at,
                receiver: env.RECEIVER_ID,
                tenant: before.tenant,
                kind: 'schedule-weakened',
                severity: 'warning',
                subject: { type: 'source', id: before.source, name: before.name },
                text: textOf(before, agent, weakened, least),
                detail,
              },
              'event',
            ),
          ),
        ]),
  ]
}

/** The provider's least, where a schedule does not promise it and the one before did, or there was none. */
function fallsShort(before: Source, after: Scheduled, tenant: Tenant, now: Date): number | undefined {
  const least = leastOf(before, tenant)
  if (least === null) return undefined
  const old = Object.values(schedulesOf(before))
  if (promises(Object.values(schedulesOf(after)), least, now)) return undefined
  return old.length === 0 || promises(old, least, now) ? least : undefined
}

function textOf(source: Source, agent: Agent, weakened: SnapshotKind[], least: number | undefined): string {
  const what = [
    ...(weakened.length === 0 ? [] : [`fewer ${weakened.join(' and ')} runs than before`]),
    ...(least === undefined ? [] : [`less than the backup every ${least} hours that you expect`]),
  ]
  return `${agent.name} now schedules ${what.join(', and ')} for ${source.name}. Ask the customer whether that is meant; the old schedule is expected once more.`
}
