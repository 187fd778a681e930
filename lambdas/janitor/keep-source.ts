import { createHash } from 'node:crypto'
import { messageOf } from '../../shared/failure.ts'
import { type KeepChore, scheduleKeep } from '../catalogue/keep.ts'
import { type NewNotice, raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import { Unfinished } from '../commit/limits.ts'
import { type Judgement, judgeSource } from '../retention/judge-source.ts'
import { measureUsage } from '../usage/measure-usage.ts'
import { deleteExpired } from './delete-expired.ts'
import { extendLocks } from './extend-locks.ts'
import { moveTombstones } from './move-tombstones.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

const hour = 3_600_000
const day = 24 * hour

/**
 * The daily pass over one source: locks of what is kept, tombstones, usage, and last what is to be deleted, so that nothing goes uncounted. Never
 * throws: a failure is the condition `retention-stuck`, and tried again in an hour. Without time it is due again at once and gone on with.
 */
export async function keepSource(ports: JanitorPorts, chore: KeepChore, remaining: Remaining): Promise<void> {
  const { catalogue, clock, log } = ports
  try {
    // first: a pass that takes the whole function down with it must not be what every later one begins with
    await scheduleKeep(catalogue, chore, new Date(clock().getTime() + hour))
    const tenant = await findTenant(catalogue, chore.tenant)
    const source = await findSource(catalogue, chore.tenant, chore.source)
    if (!tenant || !source) throw new Error(`source ${chore.source} or its tenant is not in the catalogue`)
    let stuck: unknown
    try {
      await pass(ports, tenant, source, remaining)
    } catch (error) {
      if (error instanceof Unfinished) return await scheduleKeep(catalogue, chore, clock())
      log.failure(error)
      stuck = error
    }
    await tell(ports, source, stuck)
    if (stuck === undefined) await scheduleKeep(catalogue, chore, nextPass(chore, clock()))
  } catch (error) {
    log.failure(error) // it is due again, in an hour at the latest
  }
}

async function pass(ports: JanitorPorts, tenant: Tenant, source: Source, remaining: Remaining): Promise<void> {
  const { catalogue, clock } = ports
  const now = clock()
  const judgement = await judgeSource(catalogue, tenant, source, now)
  const failures: unknown[] = []
  const attempt = async (work: (...parameters: Parameters<typeof extendLocks>) => Promise<void>) => {
    if (remaining() <= 0) throw new Unfinished()
    try {
      await work(ports, judgement, now, remaining)
    } catch (error) {
      if (error instanceof Unfinished) throw error
      failures.push(error)
    }
  }
  await attempt(extendLocks)
  // while a tenant is suspended nothing of it is removed
  const active = tenant.state === 'active'
  if (active) await attempt(moveTombstones)
  await measureUsage(ports, source, judgement.history)
  if (active) await attempt(deleteExpired)
  if (failures.length > 0) throw failures[0]
  await recoverCommit(ports, source, judgement)
}

/** A commit that was stuck may have been finished by its agent. */
async function recoverCommit(ports: JanitorPorts, source: Source, { history }: Judgement): Promise<void> {
  if (history.unfinished.some(({ state }) => state === 'committing')) return
  const text = `No commit of ${source.name} is waiting to be finished any more.`
  await recoverCondition(ports.catalogue, { ...about(ports, source), kind: 'commit-stuck', severity: 'info', text })
}

async function tell(ports: JanitorPorts, source: Source, failure: unknown): Promise<void> {
  const notice = { ...about(ports, source), kind: 'retention-stuck' as const }
  const { catalogue } = ports
  if (failure === undefined) {
    const text = `Retention of ${source.name} works again.`
    await recoverCondition(catalogue, { ...notice, severity: 'info', text })
    return
  }
  const text = `Retention of ${source.name} failed: ${messageOf(failure)}. Locks may end too early and what is past its retention stays. It is tried again every hour; look at the log of the function janitor.`
  await raiseCondition(catalogue, { ...notice, severity: 'critical', text })
}

function about(
  { clock, env }: JanitorPorts,
  { tenant, source, name }: Source,
): Pick<NewNotice, 'at' | 'receiver' | 'tenant' | 'subject'> {
  return { at: clock().toISOString(), receiver: env.RECEIVER_ID, tenant, subject: { type: 'source', id: source, name } }
}

/** Each source has its own time of the day, so that they do not all come at once. */
function nextPass({ source }: KeepChore, now: Date): Date {
  const offset = Math.floor((createHash('sha256').update(source).digest().readUInt32BE() / 2 ** 32) * day)
  const today = Math.floor(now.getTime() / day) * day + offset
  return new Date(today > now.getTime() ? today : today + day)
}
