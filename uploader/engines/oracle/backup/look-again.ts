import { Failure } from '../../../../shared/failure.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { text } from '../../row.ts'
import { threadsOf } from '../inspect.ts'
import * as discovery from '../statements/discovery.ts'
import type { Run } from './run.ts'

/** Says which files cannot be brought online as they are, and that encrypted ones cannot be opened without what is in no backup. */
export async function warnOfFiles({ control, inventory, context }: Run): Promise<void> {
  const rows = await control.query(discovery.filesToRecover, { signal: context.signal })
  for (const row of rows) {
    const file = inventory.dataFiles.find(({ number }) => String(number) === text(row, 'file_number'))
    if (file)
      context.warn('oracle-file-to-recover', `${file.path} needs media recovery: its copy is of the state it is in`)
  }
  for (const row of await control.query(discovery.wallets, { signal: context.signal }))
    context.warn(
      'oracle-keystore',
      `the keystore at ${text(row, 'place')} is in no backup: without it what is encrypted cannot be opened. Keep a copy of it elsewhere`,
    )
}

/** RESETLOGS, or a thread that was enabled or disabled, since the run began: what was taken is not all of one history. */
export async function requireSameHistory({ control, inventory, plan, context }: Run): Promise<void> {
  const { signal } = context
  const is = await control.one(discovery.database, { signal })
  const same = text(is, 'dbid') === inventory.id && text(is, 'resetlogs_scn') === inventory.incarnation.scn
  const threads = await control.again(session => threadsOf(session), signal)
  const sameThreads = JSON.stringify(threads) === JSON.stringify(inventory.threads)
  if (same && sameThreads) return
  const [code, reason] = same
    ? ['THREAD_CHANGED', 'a redo thread was enabled or disabled while the run was under way']
    : ['RESETLOGS', 'it was opened with RESETLOGS while the run was under way']
  if (plan.kind === 'log') throw new PromotionNeeded({ code, reason })
  throw new Failure('oracle-changed', 'The redo of the database is not what it was when the run began', {
    why: reason,
    fix: 'Run the backup again',
    retriable: true,
  })
}
