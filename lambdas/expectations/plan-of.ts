import { defaultTimeZone } from '../../shared/schedule.ts'
import { SnapshotKind } from '../../shared/snapshot.ts'
import type { Source } from '../catalogue/sources.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { type Plan, promises } from './plan.ts'

export type Scheduled = Pick<Source, 'schedule' | 'timeZone' | 'jitterSeconds'>

/** A source's schedules by kind, each with its zone. */
export function schedulesOf({ schedule = {}, timeZone = defaultTimeZone }: Scheduled): Plan['schedules'] {
  const schedules: Plan['schedules'] = {}
  for (const kind of SnapshotKind.options) {
    const cron = schedule[kind]
    if (cron !== undefined) schedules[kind] = { cron, timeZone }
  }
  return schedules
}

/** The provider's least for a source: its own word, else the tenant's; null for none. */
export function leastOf(source: Pick<Source, 'expectEveryHours'>, tenant: Pick<Tenant, 'expectEveryHours'>) {
  return source.expectEveryHours === undefined ? tenant.expectEveryHours : source.expectEveryHours
}

/**
 * What is expected of a source. The provider's least counts by itself only where the schedules do not promise as much.
 * @param alreadyLate the provider's least was not met: then no new schedule makes up for it, only a snapshot does
 */
export function planOf(
  source: Source,
  tenant: Pick<Tenant, 'expectEveryHours'>,
  alreadyLate: boolean,
  now: Date,
): Plan {
  const schedules = schedulesOf(source)
  const least = leastOf(source, tenant)
  const promised = least !== null && !alreadyLate && promises(Object.values(schedules), least, now)
  return {
    schedules,
    held: source.held ?? {},
    everyHours: promised ? null : least,
    jitterSeconds: source.jitterSeconds ?? 0,
  }
}
