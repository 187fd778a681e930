import { type Extent, IndexLine, type Manifest } from '../../shared/manifest.ts'
import { open } from '../../shared/sealed/open.ts'
import { UnitEntry } from '../../shared/snapshot.ts'
import { checked } from './check.ts'
import { asDamageOf, damage } from './damage.ts'
import { collect, jsonLines } from './jsonl.ts'
import type { PackReader } from './packs.ts'

export const bytesOf = (extents: readonly Extent[]) => extents.reduce((sum, { length }) => sum + length, 0)

/** The unit list, which is not sealed, proved by the manifest. @throws Failure `units-damaged` */
export async function readUnits(reader: PackReader, { snapshot, units }: Manifest): Promise<UnitEntry[]> {
  const what = `The unit list of snapshot ${snapshot}`
  try {
    const list = await collect(jsonLines(checked(reader.read(units.extents), units), UnitEntry))
    if (list.length !== units.count)
      throw damage('units-damaged', what, `it has ${list.length} units, not ${units.count}`)
    return list
  } catch (error) {
    throw asDamageOf('units-damaged', what, error)
  }
}

/** The list of artefacts in restore order, opened with `identities` and proved by the manifest. @throws Failure `index-damaged` */
export async function readIndex(
  reader: PackReader,
  { snapshot, index, totals }: Manifest,
  identities: readonly string[],
): Promise<IndexLine[]> {
  const what = `The index of snapshot ${snapshot}`
  try {
    const plain = checked(open(reader.read(index.extents), identities), index)
    const lines = await collect(jsonLines(plain, IndexLine))
    if (lines.length !== totals.artefacts)
      throw damage('index-damaged', what, `it lists ${lines.length} artefacts, the manifest ${totals.artefacts}`)
    const odd = lines.find(line => bytesOf(line.extents) !== line.sealedSize)
    if (odd) throw damage('index-damaged', what, `the extents of ${JSON.stringify(odd.name)} do not add up`)
    return lines
  } catch (error) {
    throw asDamageOf('index-damaged', what, error)
  }
}

/** The plain bytes of one artefact. Only when this ends without an error are they the ones that were backed up. @throws Failure `artefact-damaged` */
export async function* readArtefact(
  reader: PackReader,
  line: IndexLine,
  { snapshot, identities }: { snapshot: string; identities: readonly string[] },
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* checked(open(reader.read(line.extents), identities), line)
  } catch (error) {
    throw asDamageOf('artefact-damaged', `The artefact ${JSON.stringify(line.name)} of snapshot ${snapshot}`, error)
  }
}
