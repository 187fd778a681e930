import type { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'

/** A link may live for longer than what it leads to: retention does not wait for it. */
export function snapshotRemoved(snapshot: SnapshotId, fix = 'Begin a new restore'): ProblemError {
  return new ProblemError('not-restorable', `snapshot ${snapshot} is past its retention and was removed`, { fix })
}
