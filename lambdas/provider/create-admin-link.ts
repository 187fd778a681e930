import { createRoute } from '@hono/zod-openapi'
import { AdminLinkRequest } from '../../shared/api/admin.ts'
import { LinkResponse } from '../../shared/api/agent.ts'
import type { TenantId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { listSources, type Source } from '../catalogue/sources.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { makeLink } from '../http/make-link.ts'
import type { Ports } from '../http/ports.ts'
import { publicUrl } from '../http/public-url.ts'
import { knownTenant } from './known-tenant.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'post',
  path: '/links',
  summary: 'A restore link for a source of any tenant, 90 days at most',
  request: jsonBody(AdminLinkRequest),
  responses: { 200: jsonAnswer('The link; its secret is nowhere else', LinkResponse), default: refusal },
})

export function createAdminLink(app: ProviderApp, ports: Ports): void {
  app.openapi(route, async c => {
    const { tenant, source: wanted, ...wish } = c.req.valid('json')
    await knownTenant(ports, tenant)
    const source = await sourceOf(tenant, wanted)
    const url = publicUrl(ports, c.req)
    return c.json(await makeLink(ports, { ...wish, source, agent: null, actor: c.var.actor, url }), 200)
  })

  /** By id, or by a name that only one agent of the tenant uses. */
  async function sourceOf(tenant: TenantId, wanted: string): Promise<Source> {
    const sources = await listSources(ports.catalogue, tenant)
    const found = sources.filter(({ source, name }) => source === wanted || name === wanted)
    const byId = found.find(({ source }) => source === wanted)
    if (byId) return byId
    if (found.length > 1)
      throw new ProblemError('invalid-request', `source: ${found.length} agents have one named ${wanted}`, {
        fix: `Give its id: ${found.map(({ source, agent }) => `${source} (${agent})`).join(', ')}`,
      })
    if (!found[0]) throw new ProblemError('not-found', `tenant ${tenant} has no source ${wanted}`)
    return found[0]
  }
}
