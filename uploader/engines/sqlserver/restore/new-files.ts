import type { SnapshotKind } from '../../../../shared/snapshot.ts'
import type { DatabaseFile } from './chain.ts'

/** Files that a restore of this backup makes: all of a full, and else those that were added since the backup before. */
export function newFiles(
  files: readonly DatabaseFile[],
  before: readonly DatabaseFile[] | undefined,
  kind: SnapshotKind,
): DatabaseFile[] {
  if (kind === 'full') return [...files]
  const known = new Set(before?.map(({ logical }) => logical))
  return files.filter(({ logical }) => !known.has(logical))
}
