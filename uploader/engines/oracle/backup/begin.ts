import type { BackupContext, Session as BackupSession, Plan } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { tokenOf } from '../../token-of.ts'
import { beginCold } from '../cold/begin.ts'
import { openEarlier } from '../cold/open-earlier.ts'
import { Control, type Patience, patience } from '../connection/control.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { Session } from '../connection/session.ts'
import { WithAsm } from '../files/asm.ts'
import { Directories } from '../files/directories.ts'
import { LocalFiles } from '../files/local.ts'
import { RemoteFiles } from '../files/remote.ts'
import type { ServerFiles } from '../files/server-file.ts'
import { inspectDatabase, topologyOf } from '../inspect.ts'
import { isCold } from '../inventory.ts'
import { unloggedSince, whyNotLogs } from '../plan/continuation.ts'
import type { Settings } from '../settings.ts'
import { BackupMode } from './backup-mode.ts'
import { BackupModeJournal } from './journal.ts'
import { undoEarlier } from './recover.ts'
import type { Times } from './run.ts'
import { OracleSession } from './session.ts'

export interface BeginOptions {
  /** Shorter for tests. */
  patience?: Patience
  times?: Partial<Times>
}

const usual: Times = { shutdown: 1_800_000, archive: 900_000, waiting: { attempts: 60, pause: 1000 }, second: 1000 }

/** Looks at the database once more, makes sure that nothing of an earlier run is left there, and hands all of it to the session. */
export async function begin(
  settings: Settings,
  plan: Plan,
  context: BackupContext,
  options: BeginOptions = {},
): Promise<BackupSession> {
  const { signal, undo, warn } = context
  context.step(1)
  const waits = options.patience ?? patience
  for (const note of await openEarlier(settings, undo, signal, waits)) warn('oracle-opened-again', note)
  const login = await loginOf(settings.connection, signal)
  const control = new Control(login, await Session.connect(login, signal), waits)
  try {
    for (const note of await undoEarlier(control, undo)) warn('oracle-backup-mode-ended', note)
    const token = tokenOf(context)
    const inventory = await control.again(session => inspectDatabase(session, settings), signal)
    const prefix = `failsafe-${token}-`
    const directories = new Directories(control, token, settings.directory)
    const remote = new RemoteFiles({ login, control, directories, signal, patience: waits })
    const plain: ServerFiles = topologyOf(settings) === 'local' ? new LocalFiles(settings.paths) : remote
    const files = settings.asm === 'copy' ? new WithAsm(plain, remote, settings.directory, prefix) : plain
    const backupMode = new BackupMode(control, new BackupModeJournal(undo, inventory.id), inventory)
    const times = { ...usual, ...options.times }
    const run = { plan, settings, inventory, control, files, directories, backupMode, prefix, context, times }
    if (isCold(inventory)) return await beginCold(run)
    await directories.sweep(signal)
    const changed = plan.kind === 'log' ? whyNotLogs(inventory, plan.heads!) : undefined
    if (changed) throw new PromotionNeeded(changed)
    const unlogged = plan.kind === 'log' ? unloggedSince(inventory, plan.heads!) : undefined
    if (unlogged)
      warn(
        'oracle-nologging',
        `${unlogged.path} was written to without redo (NOLOGGING) since the last full: after a restore to later than that, those blocks are marked as corrupt`,
      )
    return new OracleSession(run)
  } catch (error) {
    await control.end()
    signal.throwIfAborted()
    throw explain(error)
  }
}
