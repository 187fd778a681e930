import { posix } from 'node:path'
import type { SnapshotId } from '../../shared/ids.ts'
import type { IndexLine } from '../../shared/manifest.ts'
import { filesOf } from '../../shared/restore/artefacts.ts'
import type { PackReader } from '../../shared/restore/packs.ts'
import type { Link } from './chain.ts'
import { contents } from './contents.ts'

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
  const files = await filesOf(
    links,
    ({ reader, manifest }) => contents.index(reader, manifest, identities),
    platform === 'win32' || platform === 'darwin',
  )
  return files.map(({ file, line, link }) => ({ file, line, snapshot: link.manifest.snapshot, reader: link.reader }))
}

/** @param pattern a glob over artefact names: `*` stays within a folder, `**` does not */
export function onlyMatching(artefacts: readonly ChainArtefact[], pattern: string): ChainArtefact[] {
  return artefacts.filter(({ line }) => posix.matchesGlob(line.name, pattern))
}
