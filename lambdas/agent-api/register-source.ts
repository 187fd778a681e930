import { createRoute, z } from '@hono/zod-openapi'
import { SourceRequest, SourceResponse } from '../../shared/api/agent.ts'
import { Label, newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Agent } from '../catalogue/agents.ts'
import { recordAudit } from '../catalogue/audit.ts'
import { createSource, findSourceByName, hasSources, type Source } from '../catalogue/sources.ts'
import { isRefused } from '../catalogue/table.ts'
import { changeSchedule } from '../expectations/change-schedule.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { policyFor } from '../retention/policy.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'put',
  path: '/v1/sources/{name}',
  summary: 'Register a source, or its new schedule',
  request: { params: z.object({ name: Label }), ...jsonBody(SourceRequest) },
  responses: { 200: jsonAnswer('The source and what the provider keeps of it', SourceResponse), default: refusal },
})

/**
 * Of one agent; a few more where many are registered at once. Whoever looks at a tenant (the watchdog, a host that takes another's place, revoking)
 * reads all of its sources, so that a host without a bound could stop that for all hosts of its tenant.
 */
export const mostSources = 1000

/** Idempotent: the same name gives the same source. */
export function registerSource(app: AgentApp, ports: AgentApiPorts): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { name } = c.req.valid('param')
    const { engine, schedule, timeZone, jitterSeconds } = c.req.valid('json')
    const { agent, tenant } = c.var
    const source = (await findSourceByName(catalogue, agent, name)) ?? (await create(agent, name, engine))
    if (source.engine !== engine)
      throw new ProblemError('name-taken', `source ${name} is of engine ${source.engine}`, {
        fix: 'Give the other application a name of its own',
      })
    await changeSchedule(ports, c.var, source, { schedule, timeZone, jitterSeconds })
    return c.json(
      { source: source.source, name, retention: { minimumDays: policyFor(tenant, source).minimumDays } },
      200,
    )
  })

  async function create(agent: Agent, name: string, engine: Source['engine']): Promise<Source> {
    if (await hasSources(catalogue, agent.agent, mostSources))
      throw new ProblemError('quota-exceeded', `an agent has ${mostSources} sources at most`, {
        fix: 'Use a name that is registered already, or enrol another host',
      })
    const now = clock()
    const source: Source = {
      source: newUlid(now.getTime()),
      tenant: agent.tenant,
      agent: agent.agent,
      name,
      engine,
      createdAt: now.toISOString(),
    }
    try {
      await createSource(catalogue, source)
    } catch (error) {
      if (!isRefused(error)) throw error
      const other = await findSourceByName(catalogue, agent, name)
      if (!other) throw error
      return other
    }
    await recordAudit(catalogue, agent.tenant, {
      at: source.createdAt,
      actor: `agent:${agent.agent}`,
      action: 'source-registered',
      target: source.source,
      detail: { name, engine },
    })
    return source
  }
}
