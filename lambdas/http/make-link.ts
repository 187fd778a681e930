import { type AgentId, type SnapshotId, sourceOf } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { hashOf } from '../catalogue/keys.ts'
import { type Link, linkCreation } from '../catalogue/links.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import { transact } from '../catalogue/table.ts'
import { hashPasscode } from './passcode.ts'
import { newSecret, type Ports } from './ports.ts'

export interface LinkWish {
  source: Source
  snapshot?: SnapshotId | undefined
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

/** Makes a restore link. Its secret is in the answer and nowhere else. @throws ProblemError `not-found` for a snapshot of another source */
export async function makeLink(ports: Ports, wish: LinkWish): Promise<{ url: string; expiresAt: string }> {
  const { catalogue, clock } = ports
  const { source } = wish
  if (wish.snapshot !== undefined) await requireCommitted(ports, source, wish.snapshot)
  const now = clock()
  const secret = newSecret(ports)
  const link: Link = {
    hash: hashOf(secret),
    tenant: source.tenant,
    source: source.source,
    snapshot: wish.snapshot ?? null,
    units: null,
    since: null,
    until: null,
    addresses: null,
    signedBytes: 0,
    byteBudget: null,
    agent: wish.agent,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + wish.expiresSeconds * 1000).toISOString(),
    uses: wish.uses ?? null,
    used: 0,
    passcode: wish.passcode === undefined ? null : await hashPasscode(ports, wish.passcode),
    tries: 0,
  }
  await transact(catalogue, [
    { put: linkCreation(link) },
    {
      put: auditCreation(source.tenant, {
        at: link.createdAt,
        actor: wish.actor,
        action: 'link-created',
        target: source.source,
        detail: {
          link: nameOfLink(link),
          snapshot: link.snapshot,
          expiresAt: link.expiresAt,
          uses: link.uses,
          passcode: link.passcode !== null,
        },
      }),
    },
  ])
  return { url: `${wish.url}/r#${secret}`, expiresAt: link.expiresAt }
}

/** What people and the audit call a link: enough of its hash to tell it from others. */
export function nameOfLink({ hash }: Pick<Link, 'hash'>): string {
  return hash.slice(0, 12)
}

async function requireCommitted({ catalogue }: Ports, source: Source, id: SnapshotId): Promise<void> {
  const snapshot = sourceOf(id) === source.source ? await findSnapshot(catalogue, id) : undefined
  if (snapshot?.state !== 'committed') throw new ProblemError('not-found', 'this source has no such snapshot')
}
