import type { OpenAPIHono } from '@hono/zod-openapi'
import { newApp } from '../http/app.ts'
import { providerRoutes } from '../provider/routes.ts'
import { createConsole } from './create-console.ts'
import { createTenant } from './create-tenant.ts'
import type { AdminPorts } from './ports.ts'
import { previewRetention } from './preview-retention.ts'
import { type AdminEnv, providerOnly } from './provider.ts'
import { readAudit } from './read-audit.ts'
import { rebuildCatalogue } from './rebuild-catalogue.ts'
import { resumeTenant } from './resume-tenant.ts'
import { revokeAgent } from './revoke-agent.ts'
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
  app.route('/v1/admin', providerRoutes(ports))
  createConsole(app, ports)
  createTenant(app, ports)
  showTenant(app, ports)
  suspendTenant(app, ports)
  resumeTenant(app, ports)
  revokeAgent(app, ports)
  setQuota(app, ports)
  setExpectation(app, ports)
  webhooks(app, ports)
  setRetention(app, ports)
  previewRetention(app, ports)
  readAudit(app, ports)
  rebuildCatalogue(app, ports)
  return app
}
