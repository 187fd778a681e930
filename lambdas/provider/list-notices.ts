import { createRoute, z } from '@hono/zod-openapi'
import pLimit from 'p-limit'
import { NoticesResponse } from '../../shared/api/notices.ts'
import { TenantId } from '../../shared/ids.ts'
import { Notice } from '../../shared/notice.ts'
import { type Condition, lastNotices, nameOfCondition, openConditions } from '../catalogue/notices.ts'
import { collect } from '../catalogue/table.ts'
import { tenantIds } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { Page } from '../http/page.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from './known-tenant.ts'
import { cursorAfter, lastOfAll, names, type PlaceCursor, parseCursor } from './place-cursor.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/notices',
  summary: 'What is open and, on the first page, what was told last, of one tenant or of all and the receiver itself',
  request: { query: z.object({ tenant: TenantId.optional(), after: z.string().max(500).optional() }) },
  responses: {
    200: jsonAnswer('A page of the open conditions, by tenant, and the last notices', NoticesResponse),
    default: refusal,
  },
})

const mostNotices = 100
const readers = 8
/** Looked at for one page: of most of them nothing may be open. */
const ownersPerPage = 1000

type Shown = z.output<typeof NoticesResponse>
type Owner = TenantId | null

export function listNotices(app: ProviderApp, ports: Ports): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { tenant, after } = c.req.valid('query')
    if (tenant !== undefined) await knownTenant(ports, tenant)
    const last = parseCursor(after, names.condition)
    const { conditions, next } = await conditionsPage(tenant, last)
    return c.json({ conditions, notices: last ? [] : await noticesOf(tenant), next }, 200)
  })

  async function conditionsPage(tenant: TenantId | undefined, last: PlaceCursor | undefined) {
    const page = new Page<Shown['conditions'][number]>()
    let owners = 0
    let place: PlaceCursor | undefined
    for await (const owner of ownersFrom(tenant, last?.tenant ?? null)) {
      for await (const condition of openConditions(catalogue, owner, owner === last?.tenant ? last.name : undefined)) {
        if (!page.add(shownOf(condition))) return { conditions: page.items, next: cursorAfter(place!) }
        place = { tenant: owner, name: nameOfCondition(condition) }
      }
      if (++owners < ownersPerPage) continue
      return { conditions: page.items, next: cursorAfter({ tenant: owner, name: lastOfAll }) }
    }
    return { conditions: page.items, next: null }
  }

  /** The receiver itself first. */
  async function* ownersFrom(tenant: TenantId | undefined, first: Owner): AsyncGenerator<Owner> {
    if (tenant !== undefined) return yield tenant
    if (first === null) yield null
    yield* tenantIds(catalogue, first ?? undefined)
  }

  async function noticesOf(tenant: TenantId | undefined): Promise<Shown['notices']> {
    const found = await pLimit(readers).map(await collect(ownersFrom(tenant, null)), owner =>
      lastNotices(catalogue, owner, mostNotices),
    )
    const newest = found.flat().sort((a, b) => (a.id < b.id ? 1 : -1))
    const page = new Page<Shown['notices'][number]>()
    newest.slice(0, mostNotices).every(item => page.add({ ...Notice.parse(item), waiting: item.gsk !== undefined }))
    return page.items
  }
}

function shownOf({ tenant, kind, aspect, subject, severity, text, since }: Condition): Shown['conditions'][number] {
  return { tenant, kind, mode: aspect, subject, severity, text, since }
}
