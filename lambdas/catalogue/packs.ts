import { z } from 'zod'
import type { SnapshotId } from '../../shared/ids.ts'
import { Pack } from '../../shared/manifest.ts'
import { contentKey, packKey } from './keys.ts'
import { absent, isRefused, put, query, read, type Table, update } from './table.ts'

/*
 *   parts (first window)      complete                               commit
 *   open {uploadId} ───▶ completing {until} ───▶ complete {versionId} ───▶ locked {lockedUntil}
 *                             │    ▲
 *                             └────┘ one at a time: two CompleteMultipartUpload at once may void the upload.
 *                                    A claim is let go in any case, and by itself after `claimSeconds`. Its token says whose it is: a
 *                                    write that is sent again after its answer was lost meets its own claim.
 */

export const PackItem = Pack.partial({ size: true, parts: true, sha256: true }).extend({
  uploadId: z.string(),
  /** Every read, lock and delete names it. */
  versionId: z.string().optional(),
  claimedUntil: z.iso.datetime().optional(),
  claim: z.string().optional(),
  lockedUntil: z.iso.datetime().optional(),
})
export type PackItem = z.infer<typeof PackItem>
export type CompletePack = Pack & { versionId: string; lockedUntil?: string | undefined }

/** Longer than a function may run. */
const claimSeconds = 40

export function findPack(table: Table, snapshot: SnapshotId, n: number): Promise<PackItem | undefined> {
  return read(table, PackItem, packKey(snapshot, n))
}

/** @returns false when a request at the same time created it first: its upload is the one that counts */
export async function createPack(table: Table, snapshot: SnapshotId, n: number, uploadId: string): Promise<boolean> {
  try {
    await put(table, { key: packKey(snapshot, n), item: { n, uploadId }, condition: absent })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

const incomplete = 'attribute_not_exists(#versionId)'
const unclaimed = '(attribute_not_exists(#claimedUntil) OR #claimedUntil < :now)'

/**
 * @param claim of this request alone
 * @returns false while another request completes it, or when it is complete
 */
export async function claimPack(
  table: Table,
  snapshot: SnapshotId,
  n: number,
  claim: string,
  now: Date,
): Promise<boolean> {
  try {
    await update(table, {
      key: packKey(snapshot, n),
      update: 'SET #claimedUntil = :until, #claim = :claim',
      condition: `#uploadId <> :none AND ${incomplete} AND ${unclaimed}`,
      values: {
        ':none': '',
        ':now': now.toISOString(),
        ':until': new Date(now.getTime() + claimSeconds * 1000).toISOString(),
        ':claim': claim,
      },
    })
    return true
  } catch (error) {
    if (!isRefused(error)) throw error
    const pack = await findPack(table, snapshot, n)
    return pack?.claim === claim && !isComplete(pack)
  }
}

/** Lets go of a claim, unless it is another's by now. */
export async function unclaimPack(table: Table, snapshot: SnapshotId, n: number, claim: string): Promise<void> {
  try {
    await update(table, {
      key: packKey(snapshot, n),
      update: 'REMOVE #claimedUntil, #claim',
      condition: '#claim = :claim',
      values: { ':claim': claim },
    })
  } catch (error) {
    if (!isRefused(error)) throw error
  }
}

export function recordComplete(table: Table, snapshot: SnapshotId, pack: Pack, versionId: string): Promise<void> {
  return update(table, {
    key: packKey(snapshot, pack.n),
    update:
      'SET #versionId = :versionId, #size = :size, #parts = :parts, #sha256 = :sha256 REMOVE #claimedUntil, #claim',
    condition: `attribute_not_exists(#versionId) OR #versionId = :versionId`,
    values: { ':versionId': versionId, ':size': pack.size, ':parts': pack.parts, ':sha256': pack.sha256 },
  })
}

export function recordLocked(table: Table, snapshot: SnapshotId, n: number, lockedUntil: string): Promise<void> {
  return update(table, {
    key: packKey(snapshot, n),
    update: 'SET #lockedUntil = :lockedUntil',
    values: { ':lockedUntil': lockedUntil },
  })
}

/** Whether packs were begun beyond the `count` that a manifest names. */
export async function hasPacksBeyond(table: Table, snapshot: SnapshotId, count: number): Promise<boolean> {
  const range = { PK: contentKey(snapshot), from: packKey(snapshot, count + 1).SK, to: 'P#\uffff', pageSize: 1 }
  for await (const _pack of query(table, PackItem, range)) return true
  return false
}

export function isComplete(item: PackItem): item is PackItem & CompletePack {
  return item.versionId !== undefined
}
