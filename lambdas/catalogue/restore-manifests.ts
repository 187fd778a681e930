import pLimit from 'p-limit'
import { z } from 'zod'
import { SnapshotId, SourceId, TenantId, ulidOf } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { restoreChunkKey, restoreIndexKey, restoreManifestKey, ttl } from './keys.ts'
import { absent, type Change, type Creation, put, query, read, type Table } from './table.ts'

/*
 * A restore manifest is planned once: the ordered snapshots that lead to one moment. 10,000 of them do not fit into one item.
 *
 *   M#<id>  META          whose it is, until when, how much
 *           C#000000 …    the snapshots in the order they are applied, 500 an item: its pages
 *           I#<ULID> …    the same by id, 100 an item, with the packs that URLs were signed for: what a URL is signed by
 */

export const RestoreManifest = z.object({
  id: z.string(),
  tenant: TenantId,
  source: SourceId,
  /** `link:<hash>` or `agent:<id>`: nobody else's is ever answered. */
  holder: z.string(),
  at: Instant.nullable(),
  of: SnapshotId.nullable(),
  /** Those of a link that is for some units only. */
  units: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Of the packs of its snapshots. */
  bytes: z.number().int(),
  count: z.number().int(),
})
export type RestoreManifest = z.infer<typeof RestoreManifest>

const Step = z.object({
  snapshot: SnapshotId,
  receivedAt: z.iso.datetime(),
  /** It was found bad, and nothing else leads there. */
  doubtful: z.boolean().optional(),
})
export type RestoreStep = z.infer<typeof Step>

export const chunkLength = 500
const Chunk = z.object({ steps: z.array(Step) })

const indexLength = 100
const Index = z.object({
  ulids: z.array(z.string()),
  /** `<place in ulids>:<pack>` of what URLs were signed for before. */
  signed: z
    .instanceof(Set)
    .optional()
    .transform(signed => new Set([...(signed ?? [])].map(String))),
})
export type RestoreIndex = z.output<typeof Index>

const writers = 16

/** Everything but the item that makes it known: may be written again. */
export async function keepSteps(table: Table, manifest: RestoreManifest, steps: RestoreStep[]): Promise<void> {
  const kept = { ttl: ttl(manifest.expiresAt) }
  const ulids = steps.map(({ snapshot }) => ulidOf(snapshot)).sort()
  const items: Creation[] = []
  for (let n = 0; n * chunkLength < steps.length; n++)
    items.push({
      key: restoreChunkKey(manifest.id, n),
      item: { steps: steps.slice(n * chunkLength, (n + 1) * chunkLength), ...kept },
    })
  for (let i = 0; i < ulids.length; i += indexLength) {
    const run = ulids.slice(i, i + indexLength)
    items.push({ key: restoreIndexKey(manifest.id, run[0]!), item: { ulids: run, ...kept } })
  }
  const limit = pLimit(writers)
  await Promise.all(items.map(item => limit(() => put(table, item))))
}

/** Last, so that a manifest that is found is whole. */
export function restoreManifestCreation(manifest: RestoreManifest): Creation {
  return {
    key: restoreManifestKey(manifest.id),
    item: { ...manifest, ttl: ttl(manifest.expiresAt) },
    condition: absent,
  }
}

/** Undefined also once it has expired. */
export async function findRestoreManifest(table: Table, id: string, now: Date): Promise<RestoreManifest | undefined> {
  const manifest = await read(table, RestoreManifest, restoreManifestKey(id))
  return manifest && Date.parse(manifest.expiresAt) > now.getTime() ? manifest : undefined
}

/** The steps from the `offset`th on that lie in one item. */
export async function stepsFrom(table: Table, id: string, offset: number): Promise<RestoreStep[]> {
  const chunk = await read(table, Chunk, restoreChunkKey(id, Math.floor(offset / chunkLength)))
  return chunk?.steps.slice(offset % chunkLength) ?? []
}

/** The piece of the index that names a snapshot; undefined when it is not part of this restore. */
export async function findIndex(table: Table, id: string, snapshot: SnapshotId): Promise<RestoreIndex | undefined> {
  const { PK, SK } = restoreIndexKey(id, ulidOf(snapshot))
  for await (const index of query(table, Index, { PK, from: 'I#', to: SK, backwards: true, pageSize: 1 }))
    return index.ulids.includes(ulidOf(snapshot)) ? index : undefined
  return undefined
}

export function markOf({ ulids }: RestoreIndex, snapshot: SnapshotId, pack: number): string {
  return `${ulids.indexOf(ulidOf(snapshot))}:${pack}`
}

/** Packs that URLs are signed for, as a step. Refused when another request has signed one of `fresh` for the first time meanwhile. */
export function signing(id: string, { ulids }: RestoreIndex, marks: string[], fresh: string[]): Change {
  const values = Object.fromEntries(fresh.map((mark, i) => [`:m${i}`, mark]))
  return {
    key: restoreIndexKey(id, ulids[0]!),
    update: 'ADD #signed :signed',
    ...(fresh.length > 0 && { condition: fresh.map((_, i) => `NOT contains(#signed, :m${i})`).join(' AND ') }),
    values: { ':signed': new Set(marks), ...values },
  }
}
