import type { Context } from 'hono'
import type { LambdaEvent } from 'hono/aws-lambda'
import { createMiddleware } from 'hono/factory'
import type { SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Agent, findAgent } from '../catalogue/agents.ts'
import { type AuditEntry, recordAudit } from '../catalogue/audit.ts'
import {
  beginTry,
  endTry,
  failTry,
  findLink,
  findLinkByHash,
  isLocked,
  type Link,
  nameOfLink,
  triesAllowed,
} from '../catalogue/links.ts'
import { countLinkRequest } from '../catalogue/rates.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import { provenAgent, throwThrottled } from '../http/agent-proof.ts'
import { bearerOf } from '../http/bearer.ts'
import { ownSource } from '../http/owned.ts'
import { isPasscode } from '../http/passcode.ts'
import { newSecret, type Ports } from '../http/ports.ts'
import { callerOf, isAmong } from './caller.ts'

/** Who asks to restore, and from where: whoever holds a link, or an agent its own. */
export type Holder = { address: string | undefined } & (
  | { kind: 'link'; link: Link; tenant: Tenant }
  | { kind: 'agent'; agent: Agent; tenant: Tenant }
)
export interface HolderEnv {
  Bindings: { event?: LambdaEvent }
  Variables: { holder: Holder }
}

export function holderOnly(ports: Ports) {
  return createMiddleware<HolderEnv>(async (c, next) => {
    c.set('holder', await holderOf(ports, c))
    await next()
  })
}

async function holderOf(ports: Ports, { req, env }: Context<HolderEnv>): Promise<Holder> {
  const address = callerOf(env)
  const secret = bearerOf(req)
  if (secret === undefined) return { kind: 'agent', address, ...(await provenAgent(ports, req)) }
  const link = await findLink(ports.catalogue, secret, ports.clock())
  const tenant = link && (await tenantOfAlive(ports, link))
  if (!link || !tenant) throw linkInvalid()
  const holder = { kind: 'link', link, tenant, address } as const
  await requireAddress(ports, holder)
  await requireLinkRate(ports, link.hash)
  if (link.passcode) await requirePasscode(ports, holder, req.header('x-failsafe-passcode'))
  return holder
}

/** The tenant of a link that is alive: one that an agent made ends with it, and every link while its tenant is suspended. */
async function tenantOfAlive({ catalogue, clock }: Ports, link: Link): Promise<Tenant | undefined> {
  if (isLocked(link, clock()) || link.revokedAt !== undefined) return undefined
  const tenant = await findTenant(catalogue, link.tenant)
  if (tenant?.state !== 'active') return undefined
  if (link.agent !== null && (await findAgent(catalogue, link.agent))?.state !== 'active') return undefined
  return tenant
}

type LinkHolder = Extract<Holder, { kind: 'link' }>

/** Before the passcode is looked at: nobody can lock a link from somewhere else. */
async function requireAddress(ports: Ports, holder: LinkHolder): Promise<void> {
  const { addresses } = holder.link
  if (addresses === null || isAmong(addresses, holder.address)) return
  // counted apart: nobody can use a link's rate up from somewhere else either
  await requireLinkRate(ports, `${holder.link.hash} elsewhere`)
  await recordRefusal(ports, holder, 'link-refused')
  throw new ProblemError('address-refused', `you come from ${holder.address ?? 'an unknown address'}`, {
    fix: 'Use it from where it was made for, or ask who gave you the link',
  })
}

/** Each request may read much and leave something behind, in the audit at least. @throws ProblemError `throttled` */
async function requireLinkRate({ catalogue, clock, env }: Ports, who: string): Promise<void> {
  const limit = env.REQUESTS_PER_MINUTE
  throwThrottled(await countLinkRequest(catalogue, who, limit, clock()), `a link takes ${limit} requests a minute`)
}

async function requirePasscode(ports: Ports, holder: LinkHolder, passcode: string | undefined): Promise<void> {
  const { link } = holder
  if (passcode === undefined)
    throw new ProblemError('passcode-required', undefined, { fix: 'Ask who gave you the link' })
  const { catalogue, clock } = ports
  const attempt = newSecret(ports)
  if (!(await beginTry(catalogue, link, attempt, clock()))) {
    const now = await findLinkByHash(catalogue, link.hash, clock())
    if (!now || isLocked(now, clock())) throw linkInvalid()
    throw new ProblemError('throttled', `${triesAllowed} passcodes of this link are being tried at this moment`)
  }
  if (passcode.length <= 100 && (await isPasscode(link.passcode!, passcode))) return endTry(catalogue, link, attempt)
  await failTry(catalogue, link, attempt)
  await recordRefusal(ports, holder, 'passcode-wrong')
  throw new ProblemError('passcode-wrong', `after ${triesAllowed} wrong ones the link is locked`)
}

function recordRefusal({ catalogue, clock }: Ports, holder: LinkHolder, action: AuditEntry['action']): Promise<void> {
  const { link, address } = holder
  const at = clock().toISOString()
  const entry = { at, actor: actorOf(holder), action, target: link.source, detail: { address } }
  return recordAudit(catalogue, link.tenant, entry)
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
