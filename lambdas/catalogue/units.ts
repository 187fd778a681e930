import { z } from 'zod'
import type { SnapshotId } from '../../shared/ids.ts'
import { type CommittedSnapshot, UnitEntry } from '../../shared/snapshot.ts'
import { contentKey, unitsKey } from './keys.ts'
import type { Committed } from './snapshots.ts'
import { prefixed, put, query, type Table } from './table.ts'

/** Unit lists up to here lie in the snapshot's own item, so that planning reads nothing else. */
const inlineLimit = 32 * 1024
/** Longer ones lie beside its packs, in pieces well below the 400 KB of an item. */
const chunkBytes = 300_000

const Chunk = z.object({ lines: z.instanceof(Uint8Array) })

/**
 * Keeps a snapshot's unit list (JSON lines) where the catalogue alone can answer with it: agent-api may not read the vault.
 * Idempotent: the same list gives the same items.
 */
export async function keepUnits(table: Table, snapshot: SnapshotId, lines: Uint8Array) {
  if (lines.length <= inlineLimit) return { units: Buffer.from(lines).toString(), unitChunks: 0 }
  const unitChunks = Math.ceil(lines.length / chunkBytes)
  for (let n = 0; n < unitChunks; n++)
    await put(table, {
      key: unitsKey(snapshot, n + 1),
      item: { lines: lines.subarray(n * chunkBytes, (n + 1) * chunkBytes) },
    })
  return { units: undefined, unitChunks }
}

export async function unitLinesOf(table: Table, snapshot: Committed): Promise<string> {
  if (snapshot.units !== undefined) return snapshot.units
  const chunks: Uint8Array[] = []
  for await (const chunk of query(table, Chunk, prefixed(contentKey(snapshot.snapshot), 'U#'))) chunks.push(chunk.lines)
  return Buffer.concat(chunks).toString()
}

export function parseUnits(lines: string): UnitEntry[] {
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => UnitEntry.parse(JSON.parse(line)))
}

/**
 * As the planner and the lanes' heads see it. The list was checked line by line when it was committed, so that it is not again.
 * @param only the units that matter; all when left out
 */
export async function withUnits(table: Table, item: Committed, only?: ReadonlySet<string>): Promise<CommittedSnapshot> {
  const { snapshot, lane, kind, receivedAt, bad } = item
  const units: UnitEntry[] = []
  for (const line of (await unitLinesOf(table, item)).split('\n')) {
    if (line === '') continue
    const entry = JSON.parse(line) as UnitEntry
    if (only === undefined || only.has(entry.unit)) units.push(entry)
  }
  return { snapshot, lane, kind, receivedAt, units, ...(bad === undefined ? {} : { bad }) }
}

/** Bytes of the list, as far as the snapshot's own item tells. */
export function unitBytesOf({ units, unitChunks }: Committed): number {
  return units === undefined ? unitChunks * chunkBytes : units.length
}
