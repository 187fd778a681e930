import type { z } from 'zod'
import { type AgentId, type SnapshotId, sourceOf } from '../../shared/ids.ts'
import type { linkScope } from '../../shared/link.ts'
import { ProblemError } from '../../shared/problem.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { hashOf } from '../catalogue/keys.ts'
import { type Link, linkCreation, nameOfLink } from '../catalogue/links.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import { transact } from '../catalogue/table.ts'
import { hashPasscode } from './passcode.ts'
import { newSecret, type Ports } from './ports.ts'

type Scope = z.output<z.ZodObject<typeof linkScope>>

export interface LinkWish extends Scope {
  source: Source
  expiresSeconds: number
  uses?: number | undefined
  passcode?: string | undefined
  /** The agent that asks, with which the link ends; null for the provider. */
  agent: AgentId | null
  /** For the audit: who asks. */
  actor: string
  /** `publicUrl()`. */
  url: string
}

/**
 * Makes a restore link. Its secret is in the answer and nowhere else.
 * @throws ProblemError `not-found` for a snapshot of another source, `invalid-request` for a span of time that is none
 */
export async function makeLink(ports: Ports, wish: LinkWish) {
  const { catalogue, clock } = ports
  const { source, snapshots, units, since, until, addresses } = wish
  if (since !== undefined && until !== undefined && Date.parse(since) > Date.parse(until))
    throw new ProblemError('invalid-request', 'since: it is later than until')
  for (const id of snapshots ?? []) await requireCommitted(ports, source, id)
  const now = clock()
  const secret = newSecret(ports)
  const link: Link = {
    hash: hashOf(secret),
    tenant: source.tenant,
    source: source.source,
    snapshots: snapshots ?? null,
    units: units ?? null,
    since: since ?? null,
    until: until ?? null,
    addresses: addresses ?? null,
    signedBytes: 0,
    byteBudget: null,
    agent: wish.agent,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + wish.expiresSeconds * 1000).toISOString(),
    uses: wish.uses ?? null,
    used: 0,
    passcode: wish.passcode === undefined ? null : await hashPasscode(ports, wish.passcode),
    tries: 0,
    wrong: 0,
  }
  const name = nameOfLink(link)
  const { expiresAt, uses } = link
  const scope = { snapshots: link.snapshots, units: link.units, since: link.since, until: link.until, addresses }
  await transact(catalogue, [
    ...linkCreation(link),
    {
      put: auditCreation(source.tenant, {
        at: link.createdAt,
        actor: wish.actor,
        action: 'link-created',
        target: source.source,
        detail: { link: name, ...scope, expiresAt, uses, passcode: link.passcode !== null },
      }),
    },
  ])
  return { name, url: `${wish.url}/r#${secret}`, expiresAt }
}

async function requireCommitted({ catalogue }: Ports, source: Source, id: SnapshotId): Promise<void> {
  const snapshot = sourceOf(id) === source.source ? await findSnapshot(catalogue, id) : undefined
  if (snapshot?.state !== 'committed') throw new ProblemError('not-found', 'this source has no such snapshot')
}
