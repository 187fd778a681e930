import { createHash } from 'node:crypto'
import { dueTenants, scheduleNight, type TenantChore } from '../catalogue/tenant-chores.ts'
import { sumStored } from '../usage/sum-stored.ts'
import { exportTenant } from './export-tenant.ts'
import type { ExportPorts } from './ports.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]

/**
 * What is due for a tenant once a night: its export, and the sum of what it stores. A failure is told to the log and tried again in an hour; it stops
 * neither the other of the two nor any other tenant. Two at once do the same twice, which harms nobody.
 * @param mayGoOn asked before each tenant
 */
export async function workNights(ports: ExportPorts, mayGoOn: () => boolean): Promise<void> {
  const { catalogue, clock, log } = ports
  const started = clock()
  for await (const chore of dueTenants(catalogue, started)) {
    if (!mayGoOn()) return
    const exported = await isDone(() => exportTenant(ports, chore))
    const summed = await isDone(() => sumStored(ports, chore.tenant))
    const next = exported && summed ? nextNight(chore, started) : new Date(started.getTime() + hourMs)
    await scheduleNight(catalogue, chore.tenant, next)
  }

  async function isDone(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      log.failure(error)
      return false
    }
  }
}

/** Between 01:00 and 03:00 UTC, each tenant at its own minute. */
function nextNight({ tenant }: TenantChore, now: Date): Date {
  const jitter = createHash('sha256').update(tenant).digest().readUInt16BE() / 65_536
  const midnight = Math.floor(now.getTime() / dayMs) * dayMs
  const tonight = midnight + hourMs * (1 + 2 * jitter)
  return new Date(tonight > now.getTime() ? tonight : tonight + dayMs)
}
