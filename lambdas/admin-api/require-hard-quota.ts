import { ProblemError } from '../../shared/problem.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import type { Environment } from '../http/environment.ts'

/**
 * Under a compliance lock nobody, the provider included, can remove what a tenant has stored: without a hard quota a host that is taken over could
 * fill the vault for years.
 * @throws ProblemError `invalid-request`
 */
export function requireHardQuota({ LOCK_MODE }: Environment, { hardBytes }: Tenant['quota']): void {
  if (LOCK_MODE !== 'COMPLIANCE' || hardBytes !== null) return
  throw new ProblemError('invalid-request', 'hardBytes: with compliance locks every tenant has a hard quota', {
    fix: 'Give one: nobody can remove what is stored before its lock ends',
  })
}
