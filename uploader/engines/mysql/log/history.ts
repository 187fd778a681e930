import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import { logPosition, numberOf, parseLogPosition } from '../position.ts'
import { quoteText } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import { readLogHead } from './head.ts'

export interface Reaching {
  control: Server
  /** A connection that is given up afterwards. */
  open(): Promise<Server>
}

/**
 * What tells that the server's log is not the one a backup ended in, although the files' names would fit: undefined where it is the very same.
 * @throws ServerError only for what has nothing to do with the log
 */
export async function differenceFrom(
  base: UnitEntry,
  inventory: Inventory,
  { control, open }: Reaching,
): Promise<{ code: string; reason: string } | undefined> {
  const { number, offset } = parseLogPosition(base.to.at)
  const file = inventory.log?.files?.find(({ name }) => numberOf(name) === number)
  if (!file || file.size < offset) return { code: 'BINLOG_PURGED', reason: `binary log ${number} is no longer there` }
  const head = await readLogHead(await open(), inventory.flavour, file.name).catch(error => {
    if (error instanceof ServerError) return undefined
    throw error
  })
  if (head === undefined) return { code: 'BINLOG_PURGED', reason: `${file.name} can no longer be read` }
  if (String(head.created) !== base.info?.logCreated)
    return {
      code: 'BINLOG_RESET',
      reason: `${file.name} is another file than the one that the last backup ended in: the server has begun its binary logs anew`,
    }
  const { gtid } = base.info
  if (!gtid) return undefined
  return inventory.flavour === 'mariadb'
    ? mariadbDifference(control, { file: file.name, offset }, gtid)
    : mysqlDifference(control, gtid)
}

async function mariadbDifference(control: Server, { file, offset }: { file: string; offset: number }, gtid: string) {
  const row = await control.one(`SELECT BINLOG_GTID_POS(${quoteText(file)}, ${offset}) gtid`)
  if (row?.gtid == null || sorted(row.gtid) === sorted(gtid)) return undefined
  return {
    code: 'GTID_DIVERGED',
    reason: `at ${logPosition(file, offset)} the server now has the transactions ${row.gtid}, the last backup had ${gtid}`,
  }
}

async function mysqlDifference(control: Server, gtid: string) {
  const row = await control.one(`SELECT GTID_SUBSET(${quoteText(gtid)}, @@global.gtid_executed) contained`)
  if (row?.contained === '1') return undefined
  return {
    code: 'GTID_DIVERGED',
    reason: `the server never had the transactions ${gtid}, which the last backup ended with`,
  }
}

const sorted = (list: string) => list.split(',').sort().join(',')
