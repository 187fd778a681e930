import { Failure } from '../../../../shared/failure.ts'
import type { Run } from '../backup/run.ts'
import { inspectDatabase } from '../inspect.ts'
import * as discovery from '../statements/discovery.ts'
import { requireCleanlyClosed } from './cleanly-closed.ts'
import { Closing } from './closing.ts'
import { ColdSession } from './session.ts'

/**
 * One that is mounted already is left so. If this throws, a database that it has shut down is open again.
 * @throws Failure `oracle-not-closed`, `oracle-not-cleanly-closed`, `oracle-several-instances`; as `Closing.of`
 */
export async function beginCold(run: Run): Promise<ColdSession> {
  const { settings, control, context, times, inventory } = run
  const { signal } = context
  context.step(2)
  const shuts = inventory.openMode !== 'MOUNTED' && settings.noarchivelog === 'shutdown'
  if (shuts) await requireOneInstance(run)
  const closing = shuts
    ? await Closing.of(settings.rman!, inventory, { control, context, limit: times.shutdown })
    : undefined
  try {
    const closed = await control.again(session => inspectDatabase(session, settings), signal)
    const closedAs = await requireCleanlyClosed(control, signal)
    return new ColdSession({ ...run, inventory: closed }, closing, closedAs)
  } catch (error) {
    await closing?.abandon(context)
    throw error
  }
}

async function requireOneInstance({ control, context }: Run): Promise<void> {
  const instances = await control.query(discovery.instances, { signal: context.signal })
  if (instances.length === 1) return
  throw new Failure('oracle-several-instances', `The database is open in ${instances.length} instances`, {
    why: 'failsafe shuts down the one on this machine alone',
    fix: 'Stop all of them and mount one before the backup (srvctl stop database, srvctl start instance -o mount), with noarchivelog: closed',
  })
}
