import type { OpenAPIHono } from '@hono/zod-openapi'
import { newRoutes } from '../http/app.ts'
import type { Ports } from '../http/ports.ts'
import { createAdminLink } from './create-admin-link.ts'
import { createEnrolToken } from './create-enrol-token.ts'
import { listAgents } from './list-agents.ts'
import { listAllSources } from './list-all-sources.ts'
import { listAllTenants } from './list-all-tenants.ts'
import { listAllLinks } from './list-links.ts'
import { listNotices } from './list-notices.ts'
import { readUsage } from './read-usage.ts'
import { revokeAnyLink } from './revoke-link.ts'

export interface ProviderEnv {
  /** Who asks, for the audit. */
  Variables: { actor: string }
}
export type ProviderApp = OpenAPIHono<ProviderEnv>

/** What the provider does from day to day: by its command line under `/v1/admin`, and on its page under `/v1/console`. */
export function providerRoutes(ports: Ports): ProviderApp {
  const app: ProviderApp = newRoutes<ProviderEnv>()
  listAllTenants(app, ports)
  createEnrolToken(app, ports)
  listAgents(app, ports)
  createAdminLink(app, ports)
  listAllLinks(app, ports)
  revokeAnyLink(app, ports)
  listAllSources(app, ports)
  listNotices(app, ports)
  readUsage(app, ports)
  return app
}
