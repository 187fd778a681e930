import type { Retention } from '../../shared/retention.ts'
import { planRetention, type Verdict } from '../../shared/retention-plan.ts'
import { findLane } from '../catalogue/leases.ts'
import type { Source } from '../catalogue/sources.ts'
import type { Table } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { policyFor } from './policy.ts'
import { readSourceHistory, type SourceHistory } from './source-history.ts'

export interface Judgement {
  policy: Retention
  history: SourceHistory
  verdicts: Verdict[]
}

/** What becomes of each snapshot of a source, as of now. Reads only: the janitor's pass and the provider's preview are of one mind. */
export async function judgeSource(table: Table, tenant: Tenant, source: Source, now: Date): Promise<Judgement> {
  const policy = policyFor(tenant, source)
  const history = await readSourceHistory(table, source.source)
  const heads = new Set<string>()
  for (const lane of ['data', 'log'] as const) {
    const { head } = await findLane(table, source.source, lane)
    if (head !== undefined) heads.add(head)
  }
  return { policy, history, verdicts: planRetention(history.retained, policy, now, heads) }
}
