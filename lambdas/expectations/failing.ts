import type { RunRecord } from '../catalogue/runs.ts'

/** Runs in a row that failed before the provider is told. */
const failuresInARow = 3

/**
 * @param runs the last ones, in any order
 * @param received the newest receipt: a commit is a success, whether or not the host has told the outcome
 */
export function isFailing(runs: RunRecord[], received: string | undefined): boolean {
  let failures = 0
  for (const { outcome, recordedAt } of runs.toSorted((a, b) => (a.recordedAt < b.recordedAt ? 1 : -1))) {
    switch (outcome) {
      case 'failed':
      case 'failed-source-advanced':
        if (received !== undefined && received > recordedAt) return false
        if (++failures >= failuresInARow) return true
        break
      case 'succeeded':
      case 'succeeded-with-warnings':
        return false
      case 'running':
      case 'missed':
      case 'cancelled':
      case 'skipped':
        break
    }
  }
  return false
}
