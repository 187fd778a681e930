import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { apply, parseTarget } from './apply.ts'
import { laidOut } from './laid-out.ts'
import { runbook } from './runbook.ts'

/** Databases with their logs, and a runbook with all commands; with a target, recovered there. */
export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  if (input.before !== undefined)
    throw new Failure('restore-before', 'A backup of Exchange cannot be restored to a place in its logs', {
      why: 'Exchange plays its logs in as a whole',
      fix: 'Choose a snapshot with --snapshot, or a moment with --at',
    })
  const found = laidOut(input)
  const report = { runbook: runbook(input, found) }
  if (!input.apply) return { ...report, applied: false, notes: [] }
  const target = parseTarget(input.apply.target)
  for (const database of found.without)
    context.warn('database-not-restored', `${database} is not restored: its database file was not chosen`)
  if (found.databases.length === 0)
    throw new Failure('restore-empty', 'There is no database to restore', { fix: 'Choose other files with --only' })
  const snapshots = input.snapshots.map(({ snapshot }) => snapshot)
  const notes = await apply({ directory: input.directory, snapshots }, target, found.databases, context)
  return { ...report, applied: true, notes: [...notes, 'Mounting them is written in RESTORE.md'] }
}
