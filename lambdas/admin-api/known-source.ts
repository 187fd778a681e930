import type { SourceId, TenantId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import type { Ports } from '../http/ports.ts'

/** @throws ProblemError `not-found` */
export async function knownSource({ catalogue }: Ports, tenant: TenantId, id: SourceId): Promise<Source> {
  const source = await findSource(catalogue, tenant, id)
  if (!source) throw new ProblemError('not-found', `tenant ${tenant} has no source ${id}`)
  return source
}
