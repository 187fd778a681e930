import { Failure } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { listDatabases, systemDatabaseList } from '../definitions/system-databases.ts'
import { text } from '../definitions/text.ts'
import type { Inventory } from '../inventory.ts'
import { statusStatement } from '../log/state.ts'
import type { Selection } from '../selection/selection.ts'
import { whenDenied } from '../wire/server-error.ts'
import type { Mode, Moment, TableName, Taking } from './moment.ts'
import { preparedTransactions } from './prepared.ts'
import { replicationPlace } from './replication.ts'

/**
 * MariaDB with a binary log lets go of a table on ROLLBACK TO SAVEPOINT only in sessions that write no log. An account that may not say
 * so (BINLOG ADMIN) can still read; an ALTER TABLE of what was read then waits for the end of the backup.
 */
export async function openSnapshot(reader: Server): Promise<void> {
  await reader.query('SET SESSION sql_log_bin = 0').catch(whenDenied)
  await reader.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await reader.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
}

export async function serverTime(server: Server): Promise<string> {
  const row = await server.one("SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') time")
  return row!.time!
}

/** What there is at the moment: what is made after it does not belong to it. */
export async function listContent(
  server: Server,
  selection: Selection,
): Promise<Pick<Moment, 'databases' | 'tables' | 'others'>> {
  const listed = await listDatabases(server)
  const rows = await server.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN (${systemDatabaseList})`,
  )
  const there = new Set(listed)
  const databases = listed.filter(name => selection.holds(name))
  const tables: TableName[] = []
  const others: Moment['others'] = { databases: listed.filter(name => !selection.holds(name)), tables: [] }
  for (const row of rows) {
    const name = { database: text(row, 'TABLE_SCHEMA'), table: text(row, 'TABLE_NAME') }
    if (!there.has(name.database)) continue
    const list = selection.has(name.database, name.table) ? tables : others.tables
    list.push(name)
  }
  return { databases, tables, others }
}

/** What is known of the log at a moment that nothing was committed after yet. */
export type LogState = Pick<Moment, 'log' | 'gtid'>

/** More than happens by chance. */
const looks = 30

/**
 * MariaDB tells each snapshot its own position, and asks for no right. Two sessions that ask at once may get each other's answer, because the server
 * puts it in one place for all: only what is told twice in a row is believed.
 */
export async function snapshotLogState(reader: Server): Promise<LogState> {
  let state = await readSnapshotLogState(reader)
  for (let look = 1; look < looks; look++) {
    const again = await readSnapshotLogState(reader)
    if (JSON.stringify(again) === JSON.stringify(state)) return state
    state = again
  }
  throw new Failure('mysql-no-moment', 'The position of the binary log is told otherwise each time', {
    why: 'others ask for the status of the server all the time, and MariaDB mixes up the answers',
    fix: 'Let fewer programs ask for SHOW STATUS while a backup begins',
    retriable: true,
  })
}

/** The same for each reader. One after the other: they would be mixed up. */
export async function snapshotLogStates(readers: readonly Server[]): Promise<LogState[]> {
  const states: LogState[] = []
  for (const reader of readers) states.push(await snapshotLogState(reader))
  return states
}

async function readSnapshotLogState(reader: Server): Promise<LogState> {
  const rows = await reader.query("SHOW STATUS LIKE 'binlog_snapshot_%'")
  const status = new Map(rows.map(row => [row.Variable_name!.toString().toLowerCase(), row.Value!.toString()]))
  const file = status.get('binlog_snapshot_file')
  const offset = status.get('binlog_snapshot_position')
  if (!file || !offset) return { log: null, gtid: null }
  const gtid = await reader.one(`SELECT BINLOG_GTID_POS('${file}', ${offset}) gtid`)
  return { log: { file, offset }, gtid: gtid?.gtid || null }
}

/** MySQL: what the server says now, which is the snapshot's position while commits are kept off. */
export async function currentLogState(server: Server, inventory: Inventory): Promise<LogState> {
  const status = await server.one(statusStatement(inventory.flavour, inventory.release)).catch(whenDenied)
  const gtid = await server.one('SELECT @@global.gtid_executed gtid')
  return {
    log: status?.File && status.Position ? { file: status.File, offset: status.Position } : null,
    gtid: gtid?.gtid?.replaceAll('\n', '') || null,
  }
}

export function logState(taking: Taking): Promise<LogState> {
  const { inventory } = taking
  if (inventory.logBase === null) return Promise.resolve({ log: null, gtid: null })
  return inventory.flavour === 'mariadb'
    ? snapshotLogState(taking.readers[0]!)
    : currentLogState(taking.control, inventory)
}

/** Opens all snapshots while `lock` keeps commits off, and looks at the log and the list of tables under the same lock. */
export async function momentUnder(
  taking: Taking,
  mode: Mode,
  lock: () => Promise<unknown>,
  unlock: () => Promise<unknown>,
  release: () => Promise<unknown> = async () => {},
): Promise<Moment> {
  try {
    await lock()
    await Promise.all(taking.readers.map(openSnapshot))
    const time = await serverTime(taking.control)
    const state = await logState(taking)
    const prepared = await preparedTransactions(taking)
    const replicaOf = await replicationPlace(taking)
    const content = await listContent(taking.readers[0]!, taking.selection)
    return {
      mode,
      readers: taking.readers,
      ...state,
      prepared,
      replicaOf,
      time,
      ...content,
      release: async () => void (await release()),
    }
  } catch (error) {
    await Promise.all(taking.readers.map(reader => reader.query('ROLLBACK').catch(() => {}))) // the error counts
    throw error
  } finally {
    await unlock()
  }
}
