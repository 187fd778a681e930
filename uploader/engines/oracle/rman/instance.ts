import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { RmanSettings } from '../settings.ts'
import { connect } from './commands.ts'
import { requireOutsideService } from './outside-service.ts'
import { runRman } from './program.ts'

/** The instance on this machine, as RMAN says it when it connects: that needs no listener, and works where nothing is started. `database`: DBID, once it is mounted. */
interface Instance {
  state: 'not started' | 'not mounted' | 'not open' | 'open'
  database: string | undefined
}

/** @throws Failure `rman-missing`, `rman-failed` */
async function lookAtInstance(rman: RmanSettings, signal: AbortSignal): Promise<Instance> {
  const { lines } = await runRman(rman, [connect], signal)
  const banner = lines.map(line => /^connected to target database\b.*\(([^()]+)\)$/.exec(line)?.[1]).find(Boolean)
  if (banner === undefined)
    throw new Failure('rman-failed', 'RMAN does not say what state the database is in', {
      why: lines.slice(-3).join('; ') || 'it said nothing',
      fix: 'Run rman target / by hand, as the account that runs failsafe',
      retriable: true,
    })
  const state = (['not started', 'not mounted', 'not open'] as const).find(each => banner.endsWith(each)) ?? 'open'
  return { state, database: /DBID=(\d+)/.exec(banner)?.[1] }
}

/**
 * Closes the database cleanly and mounts it. Not to be stopped half-way, so that it takes no signal: sessions that are at work are waited for.
 * @param limit milliseconds. @param started as of `runRman`. @throws Failure `oracle-shutdown-stuck`, `oracle-start-in-service`; `rman-missing`, `rman-failed`
 */
export async function shutDownAndMount(
  rman: RmanSettings,
  limit: number,
  started: (pid: number) => Promise<void>,
): Promise<void> {
  await requireOutsideService()
  const over = AbortSignal.timeout(limit)
  try {
    await runRman(rman, [connect, 'SHUTDOWN IMMEDIATE;', 'STARTUP MOUNT;'], over, started)
  } catch (error) {
    if (!over.aborted) throw error
    throw new Failure('oracle-shutdown-stuck', 'The database does not shut down', {
      why: `SHUTDOWN IMMEDIATE was not done after ${limit / 60_000} minutes; its alert log says what it waits for`,
      fix: 'Open it again by hand (rman target /, STARTUP), and run the backup when fewer sessions are at work',
      cause: error,
    })
  }
}

/** Milliseconds: after a crash, what was not written yet is made good first. */
const openTimeout = 1_800_000

const opening = {
  'not started': ['STARTUP;'],
  'not mounted': ['ALTER DATABASE MOUNT;', 'ALTER DATABASE OPEN;'],
  'not open': ['ALTER DATABASE OPEN;'],
} as const

/**
 * Opens the database, whatever state it is in, by a plain OPEN: that never loses anything, and is refused where files need recovery.
 * @param database DBID: another one that has its place by now is left alone. @returns whether there was anything to do
 * @throws Failure `oracle-left-closed`
 */
export async function openInstance(rman: RmanSettings, database: string): Promise<boolean> {
  const signal = AbortSignal.timeout(openTimeout)
  try {
    const is = await lookAtInstance(rman, signal)
    if (is.state === 'open' || (is.database ?? database) !== database) return false
    if (is.state === 'not started') await requireOutsideService()
    await runRman(rman, [connect, ...opening[is.state]], signal)
    return true
  } catch (error) {
    throw new Failure('oracle-left-closed', 'The database may still be closed', {
      why: error instanceof Failure && error.why ? `${error.message}: ${error.why}` : messageOf(error),
      fix: 'Open it by hand (rman target /, then STARTUP, or ALTER DATABASE OPEN where it is mounted); the next run tries it too',
      retriable: true,
      cause: error,
    })
  }
}
