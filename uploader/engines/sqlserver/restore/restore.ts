import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { apply } from './apply.ts'
import { chainsOf } from './chain.ts'
import { runbook } from './runbook.ts'
import { scriptOf } from './script.ts'
import { parseTarget } from './target.ts'

/** Backups of databases, each with its chain, as a script and a runbook; with a target, restored there. */
export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  if (input.before !== undefined)
    throw new Failure('restore-before', 'A backup of SQL Server cannot be restored to a place in its log', {
      fix: 'Choose a moment with --at',
    })
  const chains = chainsOf(input)
  const report = {
    runbook: runbook(input, chains),
    files: [{ name: 'restore.sql', content: scriptOf(chains.chains) }],
  }
  if (!input.apply) return { ...report, applied: false, notes: [] }
  for (const { database, clockChanged } of chains.chains)
    if (clockChanged)
      context.warn(
        'clock-changed',
        `${database}: the server's clock was changed near this moment; the state may be an hour off`,
      )
  for (const { database, reason } of chains.without)
    context.warn('database-not-restored', `${database} is not restored: ${reason}`)
  if (chains.chains.length === 0)
    throw new Failure('restore-empty', 'There is nothing to restore', { fix: 'Choose other files with --only' })
  const notes = await apply(await parseTarget(input.apply.target), input.directory, chains.chains, context)
  return { ...report, applied: true, notes }
}
