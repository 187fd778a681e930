import { z } from 'zod'
import type { SnapshotId } from '../../shared/ids.ts'
import { contentKey, packKey } from './keys.ts'
import { isRefused, prefixed, query, read, type Table, update } from './table.ts'

/** How many bytes of a pack uploads were signed for. It lies in the pack's item. */
const SignedPack = z.object({ signedBytes: z.number().int().default(0), versionId: z.string().optional() })

export async function findSigned(table: Table, snapshot: SnapshotId, n: number): Promise<number> {
  return (await read(table, SignedPack, packKey(snapshot, n)))?.signedBytes ?? 0
}

/** @returns false when another request has raised it since it was `seen` */
export async function raiseSigned(table: Table, snapshot: SnapshotId, n: number, seen: number, bytes: number) {
  try {
    await update(table, {
      key: packKey(snapshot, n),
      update: 'SET #signedBytes = :bytes',
      condition: 'attribute_exists(#PK) AND (#signedBytes = :seen OR attribute_not_exists(#signedBytes))',
      values: { ':bytes': bytes, ':seen': seen },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** Of the packs of a snapshot that are not objects yet: no list of versions shows them. */
export async function signedUnfinished(table: Table, snapshot: SnapshotId): Promise<number> {
  let bytes = 0
  for await (const pack of query(table, SignedPack, prefixed(contentKey(snapshot), 'P#')))
    if (pack.versionId === undefined) bytes += pack.signedBytes
  return bytes
}
