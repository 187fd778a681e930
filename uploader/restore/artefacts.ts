import { posix } from 'node:path'
import type { SnapshotId } from '../../shared/ids.ts'
import type { IndexLine } from '../../shared/manifest.ts'
import type { Link } from './chain.ts'
import { readIndex } from './contents.ts'
import { requireSafeNames } from './names.ts'
import type { PackReader } from './packs.ts'

/** One artefact of a chain and the file it becomes. */
export interface ChainArtefact {
  /** Relative path of the file: the artefact's name, below a folder per snapshot where there are several. */
  file: string
  line: IndexLine
  snapshot: SnapshotId
  reader: PackReader
}

/** Every artefact of a chain, in restore order, with names that are safe to be files. */
export async function artefactsOf(
  links: readonly Link[],
  identities: readonly string[],
  platform: NodeJS.Platform,
): Promise<ChainArtefact[]> {
  const artefacts: ChainArtefact[] = []
  for (const [i, { manifest, reader }] of links.entries()) {
    const folder = links.length === 1 ? '' : `${String(i + 1).padStart(4, '0')}-${manifest.kind}/`
    for (const line of await readIndex(reader, manifest, identities))
      artefacts.push({ file: folder + line.name, line, snapshot: manifest.snapshot, reader })
  }
  requireSafeNames(
    artefacts.map(({ file }) => file),
    platform === 'win32' || platform === 'darwin',
  )
  return artefacts
}

/** @param pattern a glob over artefact names: `*` stays within a folder, `**` does not */
export function onlyMatching(artefacts: readonly ChainArtefact[], pattern: string): ChainArtefact[] {
  return artefacts.filter(({ line }) => posix.matchesGlob(line.name, pattern))
}
