import { createHash } from 'node:crypto'
import { compositeChecksum, type Pack } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import {
  type CompletePack,
  claimPack,
  findPack,
  isComplete,
  type PackItem,
  recordComplete,
  unclaimPack,
} from '../catalogue/packs.ts'
import type { SnapshotIn } from '../catalogue/snapshots.ts'
import { newSecret } from '../http/ports.ts'
import { packKey } from '../vault/keys.ts'
import type { UploadedPart } from '../vault/list-parts.ts'
import { packMismatch } from './mismatch.ts'
import type { CommitPorts } from './ports.ts'

/**
 * Makes the object of a pack's parts, if S3 has exactly those that `pack` says. Idempotent, also after a crash between S3's answer and
 * ours. One at a time per pack, by a claim on its item.
 * @throws ProblemError `pack-mismatch`, or `throttled` while another request is at it
 */
export async function completePack(
  ports: CommitPorts,
  snapshot: SnapshotIn<'open' | 'committing' | 'committed'>,
  pack: Pack,
): Promise<CompletePack> {
  const { catalogue, vault, clock } = ports
  const claim = newSecret(ports)
  const id = snapshot.snapshot
  const item = await findPack(catalogue, id, pack.n)
  if (!item) throw packMismatch(pack.n, 'nothing of it was uploaded')
  if (isComplete(item)) return same(item, pack)
  if (!(await claimPack(catalogue, id, pack.n, claim, clock()))) {
    const now = await findPack(catalogue, id, pack.n)
    if (now && isComplete(now)) return same(now, pack)
    throw new ProblemError('throttled', `pack ${pack.n} is being completed by another request`)
  }
  try {
    const versionId = await complete(item.uploadId)
    await recordComplete(catalogue, id, pack, versionId)
    return { ...pack, versionId }
  } catch (error) {
    await unclaimPack(catalogue, id, pack.n, claim)
    throw error
  }

  async function complete(uploadId: string): Promise<string> {
    const key = packKey(snapshot, pack.n)
    const parts = await vault.listParts(key, uploadId)
    if (parts) {
      compare(parts, pack, snapshot.partSize)
      const versionId = await vault.completeUpload({ key, uploadId, parts })
      if (versionId !== undefined) return versionId
    }
    // The upload is finished already: what lies there must be the very same. There can be one object only (If-None-Match).
    const stored = await vault.head(key)
    if (stored?.sha256 !== compositeChecksum(pack) || stored.size !== pack.size)
      throw packMismatch(pack.n, stored ? 'other bytes lie in its place' : 'its upload is gone')
    return stored.versionId
  }
}

function same(item: PackItem & CompletePack, pack: Pack): CompletePack {
  if (item.sha256 !== pack.sha256 || item.size !== pack.size || item.parts !== pack.parts)
    throw packMismatch(pack.n, 'it was completed with other bytes')
  return item
}

function compare(parts: UploadedPart[], pack: Pack, partSize: number): void {
  if (parts.length !== pack.parts)
    throw packMismatch(pack.n, `${parts.length} parts lie in the vault, not ${pack.parts}`)
  for (const [i, { number, size }] of parts.entries()) {
    if (number !== i + 1) throw packMismatch(pack.n, `part ${i + 1} was not uploaded`)
    if (size > partSize || (size < partSize && number < pack.parts))
      throw packMismatch(pack.n, `part ${number} has ${size} bytes, not ${partSize}`)
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  if (size !== pack.size) throw packMismatch(pack.n, `${size} bytes lie in the vault, not ${pack.size}`)
  const hash = createHash('sha256')
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, 'base64'))
  if (hash.digest('base64') !== pack.sha256) throw packMismatch(pack.n, 'its SHA-256 differs')
}
