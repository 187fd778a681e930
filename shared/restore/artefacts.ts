import type { IndexLine, Manifest } from '../manifest.ts'
import type { SnapshotKind } from '../snapshot.ts'
import { requireSafeNames } from './names.ts'

/** One artefact of a chain and the file it becomes. */
export interface FileOf<Link> {
  /** Relative path of the file: the artefact's name, below a folder per snapshot where there are several. */
  file: string
  line: IndexLine
  link: Link
}

/**
 * The files that the artefacts of a chain become, in restore order, with names that are safe to be files.
 * @param foldCase where `A` and `a` are the same file (Windows, macOS)
 * @throws Failure `artefact-name-refused`, and what `indexOf` throws
 */
export async function filesOf<Link extends { manifest: Manifest }>(
  links: readonly Link[],
  indexOf: (link: Link) => Promise<IndexLine[]>,
  foldCase: boolean,
): Promise<FileOf<Link>[]> {
  const files: FileOf<Link>[] = []
  for (const [i, link] of links.entries()) {
    const folder = links.length === 1 ? '' : folderOf(i + 1, link.manifest.kind)
    for (const line of await indexOf(link)) files.push({ file: folder + line.name, line, link })
  }
  requireSafeNames(
    files.map(({ file }) => file),
    foldCase,
  )
  return files
}

const folderOf = (n: number, kind: SnapshotKind) => `${String(n).padStart(4, '0')}-${kind}/`
