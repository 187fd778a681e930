import { ExpectationRequest, ExpectationResponse } from '../../shared/api/notices.ts'
import { lookSoon, madeDue } from '../catalogue/expectations.ts'
import { listSources } from '../catalogue/sources.ts'
import { expectationChange } from '../catalogue/tenants.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { setPolicy } from './set-policy.ts'

/** The watchdog goes by it from its next pass on: whoever falls short already is late then. */
export function setExpectation(app: AdminApp, ports: Ports): void {
  const { catalogue, clock } = ports
  setPolicy(app, ports, {
    name: 'expectation',
    request: ExpectationRequest,
    response: ExpectationResponse,
    summaries: {
      answer: 'What is expected from now on',
      ofTenant: 'The least that the provider expects of every source of a tenant, whatever its host schedules',
      ofSource: "The least that the provider expects of one source, instead of its tenant's",
      removal: "Takes a source's own expectation away: its tenant's counts",
    },
    changeTenant: ({ tenant }, { everyHours }) => expectationChange(tenant, everyHours),
    changeSource: ({ tenant, source }, wish) =>
      wish === null
        ? madeDue(tenant, source, clock(), {}, ['expectEveryHours'])
        : madeDue(tenant, source, clock(), { expectEveryHours: wish.everyHours }),
    told: (target, wish) => ({
      action: 'source' in target ? 'schedule-changed' : 'tenant-changed',
      detail: { expectEveryHours: wish?.everyHours ?? null },
    }),
    viewOf: ({ tenant, expectEveryHours }, source) => {
      const own = source?.expectEveryHours
      return {
        tenant,
        source: source?.source ?? null,
        own: source === undefined || own !== undefined,
        everyHours: own === undefined ? expectEveryHours : own,
      }
    },
    afterwards: async ({ tenant }) => {
      for (const { source } of await listSources(catalogue, tenant)) await lookSoon(catalogue, tenant, source, clock())
    },
  })
}
