import { createHash } from 'node:crypto'
import { sourceOf } from '../../shared/ids.ts'
import type { Manifest } from '../../shared/manifest.ts'
import { comparePositions } from '../../shared/position.ts'
import { laneOf, type UnitEntry } from '../../shared/snapshot.ts'
import type { CompletePack } from '../catalogue/packs.ts'
import { findSnapshot, type SnapshotIn } from '../catalogue/snapshots.ts'
import { parseUnits, unitLinesOf } from '../catalogue/units.ts'
import { packKey } from '../vault/keys.ts'
import { Unfinished } from './limits.ts'
import { manifestInvalid } from './mismatch.ts'
import type { CommitPorts } from './ports.ts'

/** Bytes of the list in an answer, which is JSON in JSON: those of both heads fit into one of 6 MB. */
const answerLimit = 3_100_000

/**
 * The unit list as it lies in the packs, proved by the manifest and sound in itself. That a log continues an earlier one is not asked here: it
 * is stored in any case (chain.ts).
 * @throws ProblemError `manifest-invalid`; Unfinished: each unit may have a base of its own
 */
export async function readUnits(
  ports: CommitPorts,
  snapshot: SnapshotIn<'committing'>,
  { units }: Manifest,
  packs: CompletePack[],
  deadline: number,
): Promise<{ lines: Uint8Array; entries: UnitEntry[] }> {
  const pieces: Uint8Array[] = []
  for (const { pack, offset, length } of units.extents) {
    const { versionId } = packs[pack - 1]!
    pieces.push(await ports.vault.readRange(packKey(snapshot, pack), versionId, { offset, length }))
  }
  const lines = Buffer.concat(pieces)
  if (createHash('sha256').update(lines).digest('base64') !== units.sha256)
    throw manifestInvalid('units: the SHA-256 of the list differs')
  const entries = parsed(lines)
  if (entries.length !== units.count)
    throw manifestInvalid(`units: the list has ${entries.length} entries, not ${units.count}`)
  if (answeredBytes(lines) > answerLimit)
    throw manifestInvalid(`units: written into an answer the list has more than ${answerLimit} bytes`)
  checkEntries(entries, snapshot)
  await requireBases(ports, entries, snapshot, deadline)
  return { lines, entries }
}

/** As it stands there, with what nobody asked for: quotes and numbers may grow on the way. */
function answeredBytes(lines: Buffer): number {
  const list = lines
    .toString()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as unknown)
  return Buffer.byteLength(JSON.stringify(JSON.stringify(list)))
}

function parsed(lines: Buffer): UnitEntry[] {
  try {
    return parseUnits(lines.toString())
  } catch (error) {
    throw manifestInvalid('units: a line of the list is not a unit entry', error)
  }
}

function checkEntries(entries: UnitEntry[], { lane }: SnapshotIn<'committing'>): void {
  const seen = new Set<string>()
  for (const { unit, kind, base, from, to, covers } of entries) {
    if (seen.has(unit)) throw manifestInvalid(`units: ${unit} is listed twice`)
    seen.add(unit)
    if (laneOf(kind) !== lane) throw manifestInvalid(`units: ${unit} is of kind ${kind}, which is not of lane ${lane}`)
    if ((kind === 'differential') !== (base !== null))
      throw manifestInvalid(`units: ${unit}: a differential has a base, and nothing else has`)
    if (kind === 'log' && from === null) throw manifestInvalid(`units: ${unit}: a log starts at a position`)
    if (from !== null && (comparePositions(from, to) ?? 1) > 0)
      throw manifestInvalid(`units: ${unit}: it ends before it starts, or in another log history`)
    if (Date.parse(covers.from) > Date.parse(covers.to)) throw manifestInvalid(`units: ${unit}: covers is reversed`)
  }
}

/** A differential is of use on its base alone: a committed full of the same unit that is not ahead of it. */
async function requireBases(
  { catalogue, clock }: CommitPorts,
  entries: UnitEntry[],
  snapshot: SnapshotIn<'committing'>,
  deadline: number,
) {
  const differentials = Map.groupBy(entries, ({ base }) => base)
  for (const [id, units] of differentials) {
    if (id === null) continue
    if (clock().getTime() > deadline) throw new Unfinished()
    const base = sourceOf(id) === snapshot.source ? await findSnapshot(catalogue, id) : undefined
    if (base?.state !== 'committed' || base.lane !== 'data')
      throw manifestInvalid(`units: ${id}, a base, is no committed snapshot of this source`)
    const held = new Map(parseUnits(await unitLinesOf(catalogue, base)).map(entry => [entry.unit, entry]))
    for (const { unit, to } of units) {
      const full = held.get(unit)
      if (full?.kind !== 'full') throw manifestInvalid(`units: ${unit}: its base ${id} holds no full of it`)
      if ((comparePositions(full.to, to) ?? 0) > 0)
        throw manifestInvalid(`units: ${unit}: it ends before its base ${id} does`)
    }
  }
}
