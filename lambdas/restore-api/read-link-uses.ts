import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { LinkUsesResponse } from '../../shared/api/restore.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type AuditEntry, auditSince } from '../catalogue/audit.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { actorOf } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/link/uses',
  summary: 'Who used this link and when; never consumes a use',
  responses: { 200: jsonAnswer('Its uses', LinkUsesResponse), default: refusal },
})

const shown = 50
/** Entries of the tenant's audit, of which everybody's are in one list. */
const looked = 20_000

/** As `createRestoreManifest` writes it. */
const UseDetail = z.object({
  address: z.string().optional(),
  moment: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('latest') }),
    z.object({ kind: z.literal('at'), at: z.string() }),
    z.object({ kind: z.literal('snapshot'), snapshot: z.string() }),
  ]),
  snapshots: z.number().int(),
})

/** A link that leaked shows here what was done with it, to everybody who holds it. */
export function readLinkUses(app: RestoreApp, { catalogue, clock }: RestoreApiPorts): void {
  app.openapi(route, async c => {
    const { holder } = c.var
    if (holder.kind !== 'link') throw new ProblemError('not-found', 'an agent holds no link')
    const { tenant, agent, createdAt } = holder.link
    const actor = actorOf(holder)
    const uses: LinkUsesResponse['uses'] = []
    let complete = true
    let seen = 0
    for await (const entry of auditSince(catalogue, tenant, new Date(createdAt), clock())) {
      if (seen++ === looked) {
        complete = false
        break
      }
      if (entry.actor === actor && entry.action === 'link-used') uses.push(useOf(entry))
      if (uses.length === shown) break
    }
    return c.json({ uses, complete, createdBy: agent === null ? 'provider' : `agent:${agent}`, createdAt }, 200)
  })
}

function useOf({ at, detail }: AuditEntry): LinkUsesResponse['uses'][number] {
  const { address, moment, snapshots } = UseDetail.parse(detail)
  return { at, address: address ?? null, what: whatOf(moment), snapshots }
}

function whatOf(moment: z.infer<typeof UseDetail>['moment']): string {
  switch (moment.kind) {
    case 'latest':
      return 'latest'
    case 'at':
      return moment.at
    case 'snapshot':
      return moment.snapshot
  }
}
