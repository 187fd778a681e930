import type { Retention } from '../../shared/retention.ts'
import type { Source } from '../catalogue/sources.ts'
import type { Tenant } from '../catalogue/tenants.ts'

/** The provider's word for the source, or else for its tenant. */
export function policyFor(
  { minimumDays, keep }: Pick<Tenant, 'minimumDays' | 'keep'>,
  { retention }: Pick<Source, 'retention'>,
): Retention {
  return retention ?? { minimumDays, keep }
}
