import { Failure } from '../../../../shared/failure.ts'
import { inComment } from '../sql/quote.ts'
import { backupStage, globalReadLock, instanceLock, tableLocks } from './locks.ts'
import type { Moment, Taking, Way } from './moment.ts'
import { snapshotLogStates } from './snapshot.ts'
import { optimistic, single } from './without-locks.ts'

const ways: Way[] = [instanceLock, backupStage, globalReadLock, optimistic, tableLocks, single]

/** One moment for all readers. Says in a warning what weaker rights or a busy server cost. */
export async function takeMoment(taking: Taking): Promise<Moment> {
  for (const way of ways) {
    const moment = await settled(way, taking)
    if (!moment) continue
    await taking.control.query('SET SESSION lock_wait_timeout = DEFAULT')
    warnOf(moment, taking)
    return moment
  }
  throw new Failure('mysql-no-moment', 'No consistent moment of the server could be taken', { retriable: true })
}

const looks = 10

/**
 * Prepared XA transactions end within milliseconds where all is well: then a moment without any is soon found. So is one at which all readers see the same
 * position, where a log was just rotated: MariaDB writes a checkpoint into the new one a little later, whatever is locked.
 */
async function settled(way: Way, taking: Taking): Promise<Moment | undefined> {
  for (let look = 1; ; look++) {
    const moment = await way(taking)
    if (!moment) return undefined
    const isOne = await isOneMoment(moment, taking)
    // `single` has let go of the other readers.
    const isSettled = moment.prepared.length === 0 || moment.readers.length < taking.readers.length
    if (isOne && (isSettled || look === looks)) return moment
    if (look === looks)
      throw new Failure('mysql-moments-differ', 'The readers of the server see different moments', {
        why: `their snapshots were opened at different positions of the binary log, ${looks} times in a row`,
        fix: 'Check that host and port lead to one server, not to a proxy in front of several, and that nothing rotates its binary log all the time',
        retriable: true,
      })
    await Promise.all(moment.readers.map(reader => reader.query('ROLLBACK')))
    await moment.release()
    await taking.sleep(pause)
  }
}

const pause = 300

function warnOf(moment: Moment, { inventory, warn }: Taking): void {
  if (moment.mode === 'single')
    warn(
      'one-connection',
      `the account may lock nothing, so one connection reads alone${inventory.flavour === 'mysql' && inventory.logBase !== null ? ' and the position of the binary log is unknown' : ''}: GRANT RELOAD ON *.* makes it parallel`,
    )
  if (inventory.logBase === null) return
  if (moment.log === null && moment.mode !== 'single')
    warn(
      'no-log-position',
      'the account may not read the position of the binary log: GRANT REPLICATION CLIENT ON *.* allows it',
    )
  if (moment.prepared.length > 0)
    warn(
      'xa-prepared',
      `XA transactions were prepared and not ended at the moment of this backup, so no log can go on from it, and the next log run will be a full: ${moment.prepared.slice(0, 5).map(inComment).join(', ')}. XA COMMIT or XA ROLLBACK ends one that was left behind`,
    )
}

/** A self-check that costs nothing: each snapshot of MariaDB knows the position it was opened at. */
async function isOneMoment({ mode, readers }: Moment, { inventory }: Taking): Promise<boolean> {
  // Locks of tables keep off only who writes to what is chosen: others may commit between two snapshots.
  if (inventory.logBase === null || inventory.flavour !== 'mariadb' || mode === 'table-locks') return true
  const positions = await snapshotLogStates(readers)
  return new Set(positions.map(({ log }) => JSON.stringify(log))).size === 1
}
