import { createHash } from 'node:crypto'
import { ZodError } from 'zod'
import type { PublicKey } from '../../shared/jws.ts'
import { verify } from '../../shared/jws.ts'
import { type Extent, Manifest } from '../../shared/manifest.ts'
import type { Snapshot } from '../catalogue/snapshots.ts'
import { manifestInvalid } from './mismatch.ts'

/** Bytes of a unit list, so that two of them fit into one answer with both heads. */
export const unitListLimit = 2_500_000
/** Each is read with a request of its own. A host writes the list in one piece, or in two where a pack ends. */
const unitPieces = 50

/**
 * A manifest that its agent signed, for exactly this snapshot.
 * @throws ProblemError `manifest-invalid`
 */
export async function checkedManifest(jws: string, snapshot: Snapshot, key: PublicKey): Promise<Manifest> {
  const manifest = await verify('failsafe.manifest/1', Manifest, jws, key).catch(error => {
    if (!(error instanceof ZodError)) throw manifestInvalid("it is not signed with this agent's key", error)
    const { path, message } = error.issues[0]!
    throw manifestInvalid(`${path.join('.')}: ${message}`, error)
  })
  const fields = ['agent', 'source', 'snapshot', 'run', 'engine', 'lane', 'kind', 'partSize'] as const
  for (const field of fields)
    if (manifest[field] !== snapshot[field])
      throw manifestInvalid(`${field}: it says ${manifest[field]}, the snapshot was opened as ${snapshot[field]}`)
  for (const [i, { n }] of manifest.packs.entries())
    if (n !== i + 1) throw manifestInvalid(`packs: number ${i + 1} is missing`)
  requireWithin(manifest, 'index')
  requireWithin(manifest, 'units')
  if (lengthOf(manifest.units.extents) > unitListLimit)
    throw manifestInvalid(`units: the list is longer than ${unitListLimit} bytes`)
  if (manifest.units.extents.length > unitPieces)
    throw manifestInvalid(`units: the list lies in more than ${unitPieces} pieces`)
  return manifest
}

export function manifestHash(jws: string): string {
  return createHash('sha256').update(jws).digest('base64')
}

export function lengthOf(extents: Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0)
}

function requireWithin(manifest: Manifest, what: 'index' | 'units'): void {
  for (const { pack: n, offset, length } of manifest[what].extents) {
    const pack = manifest.packs[n - 1]
    if (!pack || offset + length > pack.size) throw manifestInvalid(`${what}: an extent lies outside of pack ${n}`)
  }
}
