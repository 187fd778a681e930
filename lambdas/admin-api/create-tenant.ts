import { createRoute } from '@hono/zod-openapi'
import { TenantRequest, TenantResponse } from '../../shared/api/admin.ts'
import { ProblemError } from '../../shared/problem.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { type Tenant, tenantCreation } from '../catalogue/tenants.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { requireHardQuota } from './require-hard-quota.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/tenants',
  summary: 'A new tenant',
  request: jsonBody(TenantRequest),
  responses: { 200: jsonAnswer('The tenant', TenantResponse), default: refusal },
})

export function createTenant(app: AdminApp, { catalogue, clock, env }: Ports): void {
  app.openapi(route, async c => {
    const { tenant: id, name, minimumDays = env.MINIMUM_DAYS, softBytes, hardBytes } = c.req.valid('json')
    const quota = { softBytes: softBytes ?? null, hardBytes: hardBytes ?? null }
    requireHardQuota(env, quota)
    const tenant: Tenant = {
      tenant: id,
      name,
      createdAt: clock().toISOString(),
      state: 'active',
      suspended: null,
      minimumDays,
      keep: {
        dailyDays: env.KEEP_DAILY_DAYS,
        weeklyWeeks: env.KEEP_WEEKLY_WEEKS,
        monthlyMonths: env.KEEP_MONTHLY_MONTHS,
        yearlyYears: env.KEEP_YEARLY_YEARS,
      },
      quota,
      dailyDownloadBytes: null,
      expectEveryHours: null,
    }
    const audit = auditCreation(id, {
      at: tenant.createdAt,
      actor: c.var.actor,
      action: 'tenant-created',
      target: id,
      detail: { name, minimumDays, ...quota },
    })
    try {
      await transact(catalogue, [...tenantCreation(tenant), { put: audit }])
    } catch (error) {
      if (!isRefused(error)) throw error
      throw new ProblemError('name-taken', `tenant ${id} is there already`, { fix: 'Choose another id', cause: error })
    }
    return c.json(tenant, 200)
  })
}
