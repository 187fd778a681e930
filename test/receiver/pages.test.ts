import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { pagesOf } from '../../admin/pages.ts'
import { newNotice, noticeStep, raiseCondition } from '../../lambdas/catalogue/notices.ts'
import { createSource } from '../../lambdas/catalogue/sources.ts'
import { transact } from '../../lambdas/catalogue/table.ts'
import { tenantCreation } from '../../lambdas/catalogue/tenants.ts'
import { AdminSourcesResponse, TenantsResponse } from '../../shared/api/admin.ts'
import { NoticesResponse } from '../../shared/api/notices.ts'
import { newUlid } from '../../shared/ids.ts'
import { noKeepRules } from '../../shared/retention.ts'
import { enrolAgent, type TestAgent } from './agent.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver, 'acme')
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const most = 6 * 1024 ** 2
const at = '2026-11-22T08:00:00.000Z'
const quotes = (length: number) => '"'.repeat(length)

/** All pages as failsafe-admin follows them, none of which is longer than a function may answer; all together would be. */
async function all<Page extends { next: string | null }>(path: string, schema: z.ZodType<Page>, query = {}) {
  let bytes = 0
  const call = async <T>(method: string, target: string, answered: z.ZodType<T>): Promise<T> => {
    const answer = await receiver.admin(method, target)
    const size = Buffer.byteLength(JSON.stringify(answer.text))
    expect(size).toBeLessThan(most)
    bytes += size
    return answered.parse(ok(answer))
  }
  const pages: Page[] = []
  for await (const page of pagesOf({ call }, path, schema, query)) pages.push(page)
  expect(bytes).toBeGreaterThan(most)
  return pages
}

function fill<T>(items: T[], make: (item: T) => Promise<unknown>): Promise<unknown> {
  return pLimit(16).map(items, make)
}

const condition = (tenant: string | null, id: string, aspect: string, text: string) =>
  raiseCondition(receiver.ports.catalogue, {
    at,
    receiver: receiver.id,
    tenant,
    kind: 'agent-silent',
    severity: 'warning',
    text,
    aspect,
    subject: { type: 'agent', id, name: 'db 1' },
  })

describe('what the provider asks for comes in pages that a function may answer:', () => {
  it('the tenants', async () => {
    const tenants = Array.from({ length: 350 }, (_, i) => `many-${String(i).padStart(3, '0')}`)
    await fill(tenants, tenant =>
      transact(
        receiver.ports.catalogue,
        tenantCreation({
          tenant,
          name: tenant,
          createdAt: at,
          state: 'suspended',
          suspended: { at, reason: quotes(5000) },
          minimumDays: 5,
          keep: noKeepRules,
          quota: { softBytes: null, hardBytes: null },
          dailyDownloadBytes: null,
          expectEveryHours: null,
        }),
      ),
    )
    const pages = await all('/v1/admin/tenants', TenantsResponse)
    expect(pages.flatMap(page => page.tenants.map(each => each.tenant))).toEqual(['acme', ...tenants])
  })

  it('the sources, of one tenant or those of all that are overdue', async () => {
    const sources = Array.from({ length: 80 }, () => newUlid()).sort()
    const engine = 'mysql'
    await fill(sources, source =>
      createSource(receiver.ports.catalogue, {
        source,
        tenant: 'acme',
        agent: agent.id,
        name: `s ${source}`,
        engine,
        createdAt: at,
      }),
    )
    for (let i = 0; i < 30; i++) await condition('acme', agent.id, `${i}${quotes(800)}`, 'silent')
    for (const query of [{ tenant: 'acme' }, { overdue: 'true' }]) {
      const pages = await all('/v1/admin/sources', AdminSourcesResponse, query)
      expect(pages.flatMap(page => page.sources.map(each => each.source))).toEqual(sources)
    }
  })

  it('what is open, and on the first of them what was told last', async () => {
    const { catalogue } = receiver.ports
    const names = Array.from({ length: 200 }, (_, i) => `host ${String(i).padStart(3, '0')}`)
    for (const owner of [null, 'many-007']) await fill(names, name => condition(owner, name, 'a', quotes(5000)))
    const told = Array.from({ length: 100 }, (_, i) => new Date(Date.parse('2026-11-23') + i * 1000).toISOString())
    await fill(told, at =>
      transact(catalogue, [
        noticeStep(
          newNotice(
            {
              at,
              receiver: receiver.id,
              tenant: 'many-007',
              kind: 'run-late',
              severity: 'warning',
              text: quotes(20_000),
              subject: { type: 'agent', id: 'x', name: 'x' },
            },
            'event',
          ),
        ),
      ]),
    )
    const pages = await all('/v1/admin/notices', NoticesResponse)
    const open = pages.flatMap(page => page.conditions).filter(({ subject }) => subject.id.startsWith('host'))
    expect(open.map(({ tenant, subject }) => [tenant, subject.id])).toEqual(
      [null, 'many-007'].flatMap(owner => names.map(name => [owner, name])),
    )
    const [first, ...others] = pages
    expect(first!.notices.length).toBeGreaterThan(10)
    expect(first!.notices[0]!.at).toBe(told.at(-1))
    expect(others.flatMap(page => page.notices)).toEqual([])
  })

  it.each(['tenants', 'sources', 'notices'])('a page of %s that none of them named is refused', async list => {
    for (const after of ['x/y', 'ACME', '//'])
      expect((await receiver.admin('GET', `/v1/admin/${list}?after=${after}`)).body.code).toBe('invalid-request')
  })
})
