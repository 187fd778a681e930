import { ProblemError } from '../../shared/problem.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { findLinkByHash, type Link, linkRevocation, nameOfLink } from '../catalogue/links.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import type { Ports } from './ports.ts'

const attempts = 5

/**
 * Ends a link, with everything that was planned with it: URLs that were signed before live on for their 15 minutes. Asked again it answers the
 * same.
 * @param actor for the audit: who asks
 * @throws ProblemError `not-found` when it has expired
 */
export async function revokeLink(ports: Ports, { hash }: Pick<Link, 'hash'>, actor: string) {
  const { catalogue, clock } = ports
  for (let attempt = 1; ; attempt++) {
    const now = clock()
    const link = await findLinkByHash(catalogue, hash, now)
    if (!link) throw new ProblemError('not-found')
    const name = nameOfLink(link)
    if (link.revokedAt !== undefined) return { name, revokedAt: link.revokedAt }
    const revokedAt = now.toISOString()
    const audit = { at: revokedAt, actor, action: 'link-revoked', target: link.source, detail: { link: name } } as const
    try {
      await transact(catalogue, [{ update: linkRevocation(hash, now) }, { put: auditCreation(link.tenant, audit) }])
      return { name, revokedAt }
    } catch (error) {
      if (!isRefused(error) || attempt >= attempts) throw error // it was being used at the same moment: look again
    }
  }
}
