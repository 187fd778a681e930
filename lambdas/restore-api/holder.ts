import type { HonoRequest } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Agent, findAgent } from '../catalogue/agents.ts'
import { recordAudit } from '../catalogue/audit.ts'
import { beginTry, endTry, findLink, type Link, triesAllowed } from '../catalogue/links.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import { findTenant } from '../catalogue/tenants.ts'
import { provenAgent } from '../http/agent-proof.ts'
import { nameOfLink } from '../http/make-link.ts'
import { ownSource } from '../http/owned.ts'
import { isPasscode } from '../http/passcode.ts'
import type { Ports } from '../http/ports.ts'

/** Who asks to restore: whoever holds a link, or an agent its own. */
export type Holder = { kind: 'link'; link: Link } | { kind: 'agent'; agent: Agent }
export interface HolderEnv {
  Variables: { holder: Holder }
}

const bearer = 'Bearer '

export function holderOnly(ports: Ports) {
  return createMiddleware<HolderEnv>(async (c, next) => {
    c.set('holder', await holderOf(ports, c.req))
    await next()
  })
}

async function holderOf(ports: Ports, request: HonoRequest): Promise<Holder> {
  const header = request.header('authorization')
  if (!header?.startsWith(bearer)) return { kind: 'agent', agent: (await provenAgent(ports, request)).agent }
  const link = await findLink(ports.catalogue, header.slice(bearer.length), ports.clock())
  if (!link || !(await isAlive(ports, link))) throw linkInvalid()
  if (link.passcode) await requirePasscode(ports, link, request.header('x-failsafe-passcode'))
  return { kind: 'link', link }
}

/** A link that an agent made ends with it, and every link while its tenant is suspended. */
async function isAlive({ catalogue }: Ports, link: Link): Promise<boolean> {
  if (link.tries >= triesAllowed) return false
  const tenant = await findTenant(catalogue, link.tenant)
  if (tenant?.state !== 'active') return false
  return link.agent === null || (await findAgent(catalogue, link.agent))?.state === 'active'
}

async function requirePasscode(ports: Ports, link: Link, passcode: string | undefined): Promise<void> {
  if (passcode === undefined)
    throw new ProblemError('passcode-required', undefined, { fix: 'Ask who gave you the link' })
  if (!(await beginTry(ports.catalogue, link))) throw linkInvalid()
  if (passcode.length <= 100 && (await isPasscode(link.passcode!, passcode))) return endTry(ports.catalogue, link)
  await recordAudit(ports.catalogue, link.tenant, {
    at: ports.clock().toISOString(),
    actor: actorOf({ kind: 'link', link }),
    action: 'passcode-wrong',
    target: link.source,
  })
  throw new ProblemError('passcode-wrong', `after ${triesAllowed} wrong ones the link is locked`)
}

/** A source that the holder may restore. @throws ProblemError `out-of-scope` for a link, `not-found` for an agent */
export async function sourceFor(ports: Ports, holder: Holder, id: SourceId): Promise<Source> {
  switch (holder.kind) {
    case 'agent':
      return ownSource(ports, holder.agent, id)
    case 'link': {
      if (holder.link.source !== id) throw new ProblemError('out-of-scope')
      return linkedSource(ports, holder.link)
    }
  }
}

export async function linkedSource({ catalogue }: Ports, link: Link): Promise<Source> {
  const source = await findSource(catalogue, link.tenant, link.source)
  if (!source) throw linkInvalid()
  return source
}

/** What a restore manifest belongs to: nobody else is ever answered with it. */
export function holderId(holder: Holder): string {
  switch (holder.kind) {
    case 'agent':
      return `agent:${holder.agent.agent}`
    case 'link':
      return `link:${holder.link.hash}`
  }
}

/** As the audit names it. */
export function actorOf(holder: Holder): string {
  return holder.kind === 'agent' ? holderId(holder) : `link:${nameOfLink(holder.link)}`
}

export function linkInvalid(): ProblemError {
  return new ProblemError('link-invalid', undefined, { fix: 'Ask who gave it to you for a new one' })
}
