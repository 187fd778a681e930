import type { SnapshotKind, UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext } from '../../engine.ts'
import type { Choice } from './pattern.ts'
import { recordOf } from './record.ts'

/** Says that what is chosen now is not what the last full was made with: before somebody misses it. */
export function warnOfChange(
  choice: Choice,
  kind: SnapshotKind,
  lastFull: UnitEntry | undefined,
  warn: BackupContext['warn'],
): void {
  if (!lastFull) return
  const [before, now] = [lastFull.info?.selection, recordOf(choice)]
  if (before === now) return
  const effect = kind === 'log' ? '; a restore of this log goes by what that full holds, so take a full backup' : ''
  warn(
    'selection-changed',
    `the last full backup was made of ${before ?? 'everything'}, what is chosen now is ${now ?? 'everything'}${effect}`,
  )
}
