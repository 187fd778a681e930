import { ProblemError } from '../../shared/problem.ts'
import { findRestoreManifest, type RestoreManifest } from '../catalogue/restore-manifests.ts'
import { type Holder, holderId } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

/** The holder's own restore manifest. @throws ProblemError `not-found` for another's, and for one that has expired */
export async function ownManifest(
  { catalogue, clock }: RestoreApiPorts,
  holder: Holder,
  id: string,
): Promise<RestoreManifest> {
  const manifest = await findRestoreManifest(catalogue, id, clock())
  if (manifest?.holder !== holderId(holder)) throw new ProblemError('not-found')
  return manifest
}
