import { z } from 'zod'
import { SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { restoreChunkKey, restoreManifestKey, ttl } from './keys.ts'
import { absent, isRefused, prefixed, put, query, read, type Table, update } from './table.ts'

/** The ordered snapshots that lead to one moment, as planned once; URLs are signed for these only. */
export const RestoreManifest = z.object({
  id: z.string(),
  tenant: TenantId,
  source: SourceId,
  /** `link:<hash>` or `agent:<id>`: nobody else's is ever answered. */
  holder: z.string(),
  at: Instant.nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Of the packs named, and what URLs were signed for so far and may be signed for at most. */
  bytes: z.number().int(),
  signedBytes: z.number().int(),
  byteBudget: z.number().int(),
  count: z.number().int(),
})
export type RestoreManifest = z.infer<typeof RestoreManifest>

/** Snapshots per item: a chain of 10,000 logs does not fit into one. */
export const chunkLength = 100

const Chunk = z.object({
  n: z.number().int(),
  snapshots: z.array(SnapshotId),
  /** `<snapshot's place in the chunk>:<pack>` of what was signed before. */
  signed: z.instanceof(Set).optional(),
})
export type Chunk = { n: number; snapshots: SnapshotId[]; signed: Set<string> }

export async function createRestoreManifest(table: Table, manifest: RestoreManifest, snapshots: SnapshotId[]) {
  const deleted = ttl(manifest.expiresAt)
  for (let n = 0; n * chunkLength < snapshots.length; n++)
    await put(table, {
      key: restoreChunkKey(manifest.id, n),
      item: { n, snapshots: snapshots.slice(n * chunkLength, (n + 1) * chunkLength), ttl: deleted },
    })
  // last, so that a manifest that is found is whole
  await put(table, {
    key: restoreManifestKey(manifest.id),
    item: { ...manifest, ttl: deleted },
    condition: absent,
  })
}

/** Undefined also once it has expired. */
export async function findRestoreManifest(table: Table, id: string, now: Date): Promise<RestoreManifest | undefined> {
  const manifest = await read(table, RestoreManifest, restoreManifestKey(id))
  return manifest && Date.parse(manifest.expiresAt) > now.getTime() ? manifest : undefined
}

export async function findChunk(table: Table, id: string, n: number): Promise<Chunk | undefined> {
  const chunk = await read(table, Chunk, restoreChunkKey(id, n))
  return chunk && withSigned(chunk)
}

/** The first piece that names `snapshot`. */
export async function findChunkOf(table: Table, id: string, snapshot: SnapshotId): Promise<Chunk | undefined> {
  for await (const chunk of query(table, Chunk, prefixed(restoreManifestKey(id).PK, 'C#')))
    if (chunk.snapshots.includes(snapshot)) return withSigned(chunk)
  return undefined
}

function withSigned({ n, snapshots, signed }: z.infer<typeof Chunk>): Chunk {
  return { n, snapshots, signed: new Set([...(signed ?? [])].map(String)) }
}

/** Counts bytes that URLs are about to be signed for. @returns false when the budget does not cover them */
export async function spendBytes(table: Table, manifest: RestoreManifest, bytes: number): Promise<boolean> {
  try {
    await update(table, {
      key: restoreManifestKey(manifest.id),
      update: 'SET #signedBytes = #signedBytes + :bytes',
      condition: '#signedBytes <= :ceiling',
      values: { ':bytes': bytes, ':ceiling': manifest.byteBudget - bytes },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

export function rememberSigned(table: Table, id: string, chunk: number, signed: string[]): Promise<void> {
  return update(table, {
    key: restoreChunkKey(id, chunk),
    update: 'ADD #signed :signed',
    values: { ':signed': new Set(signed) },
  })
}
