import { Failure } from '../../../../shared/failure.ts'
import { text, textOrNull } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import * as discovery from '../statements/discovery.ts'

/**
 * What the control file says of a database that is closed. Where a file ends is written there when it is closed cleanly, and taken away when it is opened: as long as
 * this stays the same, nobody has opened it.
 * @throws Failure `oracle-not-closed`, `oracle-not-cleanly-closed`: copies of its files would not be of one moment
 */
export async function requireCleanlyClosed(control: Control, signal: AbortSignal): Promise<string> {
  const mode = text(await control.one(discovery.database, { signal }), 'open_mode')
  if (mode !== 'MOUNTED')
    throw new Failure('oracle-not-closed', `The database is ${mode}, and keeps no archived logs`, {
      why: 'its files can be copied while it is mounted alone',
      fix: 'Run before the backup: SHUTDOWN IMMEDIATE; STARTUP MOUNT. Or let failsafe do it: noarchivelog: shutdown',
      retriable: true,
    })
  const rows = await control.query(discovery.closedFiles, { signal })
  const open = rows.find(row => textOrNull(row, 'last_scn') !== text(row, 'checkpoint_scn'))
  if (open)
    throw new Failure('oracle-not-cleanly-closed', 'The database is mounted, and was not closed cleanly', {
      why: `${text(open, 'name')} was being written to when the instance ended`,
      fix: 'Run as an administrator: ALTER DATABASE OPEN; SHUTDOWN IMMEDIATE; STARTUP MOUNT',
      retriable: true,
    })
  return JSON.stringify(rows)
}

/** @param before what `requireCleanlyClosed` gave. @throws Failure `oracle-changed`; as `requireCleanlyClosed` */
export async function requireStillClosed(control: Control, before: string, signal: AbortSignal): Promise<void> {
  if ((await requireCleanlyClosed(control, signal)) === before) return
  throw new Failure('oracle-changed', 'The database was opened while its files were copied', {
    fix: 'See who opened it, and run the backup again',
    retriable: true,
  })
}
