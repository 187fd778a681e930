import { text } from '../definitions/text.ts'
import { has } from '../inventory.ts'
import { quoteName } from '../sql/quote.ts'
import { isDenied, ServerError } from '../wire/server-error.ts'
import type { Moment, Taking, Way } from './moment.ts'
import { momentUnder } from './snapshot.ts'

/** Seconds that writers may have to wait behind a lock that is itself waiting for a long statement. */
const lockWait = 5
const lockWaitTimeout = 1205

export const instanceLock: Way = async taking => {
  const { control, inventory } = taking
  if (inventory.flavour !== 'mysql' || inventory.release < 80_000) return undefined
  const release = () => control.query('UNLOCK INSTANCE')
  const unlock = () => control.query('UNLOCK TABLES')
  // Both locks are asked for patiently: the first waits for an ALTER that is under way.
  return patiently(taking, async () => {
    await control.query('LOCK INSTANCE FOR BACKUP')
    let moment: Moment | undefined
    try {
      const lock = (await isQuiet(taking)) ? readLock : lockTables
      moment = await momentUnder(taking, 'instance-lock', () => lock(taking), unlock, release)
    } finally {
      if (!moment) await release()
    }
    return moment
  })
}

/** Everything but BLOCK_COMMIT lets writers work; END releases all, so DDL is not kept off afterwards. */
export const backupStage: Way = async taking => {
  const { control, inventory } = taking
  if (inventory.flavour !== 'mariadb' || inventory.release < 100_500) return undefined
  const stages = async () => {
    for (const stage of ['START', 'BLOCK_DDL', 'BLOCK_COMMIT']) await control.query(`BACKUP STAGE ${stage}`)
  }
  const end = () =>
    control.query('BACKUP STAGE END').catch(error => {
      if (!(error instanceof ServerError)) throw error // it was not begun
    })
  return patiently(taking, () => momentUnder(taking, 'backup-stage', stages, end))
}

export const globalReadLock: Way = taking =>
  patiently(taking, () =>
    momentUnder(
      taking,
      'global-read-lock',
      () => readLockWhenQuiet(taking),
      () => taking.control.query('UNLOCK TABLES'),
    ),
  )

/** For accounts that may not lock everything at once. */
export const tableLocks: Way = taking =>
  patiently(taking, () =>
    momentUnder(
      taking,
      'table-locks',
      () => lockTables(taking),
      () => taking.control.query('UNLOCK TABLES'),
    ),
  )

async function lockTables({ control, selection }: Taking): Promise<void> {
  const rows = await control.query(`SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ENGINE IS NOT NULL
    AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`)
  const names = rows
    .map(row => ({ database: text(row, 'TABLE_SCHEMA'), table: text(row, 'TABLE_NAME') }))
    .filter(({ database, table }) => selection.has(database, table))
    .map(({ database, table }) => `${quoteName(database)}.${quoteName(table)} READ`)
  if (names.length > 0) await control.query(`LOCK TABLES ${names.join(', ')}`)
}

async function readLockWhenQuiet(taking: Taking): Promise<void> {
  if (has(taking.inventory, 'PROCESS') && !(await isQuiet(taking)))
    throw new ServerError(lockWaitTimeout, 'HY000', 'a statement has been running for over a second')
  return readLock(taking)
}

async function readLock({ control }: Taking): Promise<void> {
  // Without NO_WRITE_TO_BINLOG the flush would become a transaction of its own on a replica.
  await control.query('FLUSH NO_WRITE_TO_BINLOG TABLES')
  await control.query('FLUSH TABLES WITH READ LOCK')
}

/**
 * A global lock waits for every running statement, and all writers then wait behind it: none is asked for while a statement has
 * been running for a minute, and none is waited for longer than `lockWait` seconds.
 */
async function patiently(taking: Taking, take: () => Promise<Moment>): Promise<Moment | undefined> {
  await taking.control.query(`SET SESSION lock_wait_timeout = ${lockWait}`)
  for (let attempt = 1; ; attempt++) {
    try {
      if (!(await noStatementFor(taking, longest)))
        throw new ServerError(lockWaitTimeout, 'HY000', 'a statement has been running for over a minute')
      return await take()
    } catch (error) {
      if (isDenied(error)) return undefined
      if (!(error instanceof ServerError && error.errno === lockWaitTimeout)) throw error
      if (attempt < attempts) {
        await taking.sleep(pause)
        continue
      }
      taking.warn(
        'moment-lock-not-granted',
        `the server's statements left no room for a lock of a moment (${error.message})`,
      )
      return undefined
    }
  }
}

const attempts = 3
const pause = 2000

/** Seconds; the server counts whole ones. */
const longest = 60
const shortest = 1

/**
 * Whether a global read lock would keep nobody waiting. MySQL marks every open table as to be closed before it waits for those who use it, and
 * does not take that back when its own wait ends: whoever then asks for a table that a long SELECT is reading waits for the end of that SELECT.
 * A lock of tables does not wait for readers, nor does any lock of MariaDB.
 */
async function isQuiet(taking: Taking): Promise<boolean> {
  const { inventory } = taking
  return inventory.flavour === 'mariadb' || (has(inventory, 'PROCESS') && (await noStatementFor(taking, shortest)))
}

/**
 * Whether no statement of others has been running for longer than so many seconds, as far as the account may see them. (MySQL shows the applier of
 * a replica that has nothing to do as a query without a text.)
 */
async function noStatementFor({ control }: Taking, seconds: number): Promise<boolean> {
  const row = await control.one(`SELECT COUNT(*) n FROM information_schema.PROCESSLIST
    WHERE COMMAND IN ('Query', 'Execute') AND INFO IS NOT NULL AND TIME > ${seconds} AND ID <> CONNECTION_ID()`)
  return row?.n === '0'
}
