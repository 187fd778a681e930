import type { OpenAPIHono } from '@hono/zod-openapi'
import { newApp } from '../http/app.ts'
import { createAdminLink } from './create-admin-link.ts'
import { createEnrolToken } from './create-enrol-token.ts'
import { createTenant } from './create-tenant.ts'
import { listAgents } from './list-agents.ts'
import { listAllSources } from './list-all-sources.ts'
import { listAllTenants } from './list-all-tenants.ts'
import { listAllLinks } from './list-links.ts'
import { listNotices } from './list-notices.ts'
import type { AdminPorts } from './ports.ts'
import { previewRetention } from './preview-retention.ts'
import { type AdminEnv, providerOnly } from './provider.ts'
import { readAudit } from './read-audit.ts'
import { readUsage } from './read-usage.ts'
import { rebuildCatalogue } from './rebuild-catalogue.ts'
import { resumeTenant } from './resume-tenant.ts'
import { revokeAgent } from './revoke-agent.ts'
import { revokeAnyLink } from './revoke-link.ts'
import { setExpectation } from './set-expectation.ts'
import { setQuota } from './set-quota.ts'
import { setRetention } from './set-retention.ts'
import { showTenant } from './show-tenant.ts'
import { suspendTenant } from './suspend-tenant.ts'
import { webhooks } from './webhooks.ts'

export type AdminApp = OpenAPIHono<AdminEnv>

const maxBody = 64 * 1024

/** The provider's side. API Gateway has checked the AWS signature before this is reached. */
export function adminApi(ports: AdminPorts): AdminApp {
  const app: AdminApp = newApp<AdminEnv>(ports, maxBody)
  app.use('/v1/admin/*', providerOnly)
  createTenant(app, ports)
  listAllTenants(app, ports)
  showTenant(app, ports)
  suspendTenant(app, ports)
  resumeTenant(app, ports)
  createEnrolToken(app, ports)
  listAgents(app, ports)
  revokeAgent(app, ports)
  createAdminLink(app, ports)
  listAllLinks(app, ports)
  revokeAnyLink(app, ports)
  listAllSources(app, ports)
  setQuota(app, ports)
  setExpectation(app, ports)
  listNotices(app, ports)
  webhooks(app, ports)
  setRetention(app, ports)
  previewRetention(app, ports)
  readUsage(app, ports)
  readAudit(app, ports)
  rebuildCatalogue(app, ports)
  return app
}
