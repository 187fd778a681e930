import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import type { HelperOptions } from '../helper/helper.ts'
import { apply } from './apply.ts'
import { contentsOf } from './contents.ts'
import { runbook } from './runbook.ts'
import { parseTarget } from './target.ts'

/** The files with a runbook; with a target, put into that server and rolled forward by it. */
export async function restore(
  input: RestoreInput,
  context: RestoreContext,
  options: HelperOptions,
): Promise<RestoreReport> {
  if (input.before !== undefined)
    throw new Failure('restore-before', 'A backup of Domino cannot be restored to a place in its log', {
      fix: 'Restore the latest state, or choose a snapshot with --snapshot',
    })
  const contents = contentsOf(input)
  const report = { runbook: runbook(input, contents) }
  if (!input.apply) return { ...report, applied: false, notes: [] }
  if (input.at !== null)
    throw new Failure('restore-at', 'Domino rolls a database forward to the newest state, and to no moment before it', {
      fix: 'Leave --at out, or leave --apply out and go by RESTORE.md',
    })
  if (contents.databases.length === 0)
    throw new Failure('restore-empty', 'There is nothing to restore', {
      ...(contents.removed.length > 0 && { why: 'what was chosen was not on the server any more' }),
      fix: 'Choose other files with --only; a database that was removed is restored by its whole name',
    })
  const notes = await apply(parseTarget(input.apply.target), input.directory, contents, context, options)
  return { ...report, applied: true, notes }
}
