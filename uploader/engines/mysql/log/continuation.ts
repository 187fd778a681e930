import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import { has, type Inventory } from '../inventory.ts'
import { isOfServer, numberOf, parseLogPosition, unit } from '../position.ts'
import { quoteAccount } from '../sql/quote.ts'
import type { LogFile } from './state.ts'

/** Where a log run goes on, or why only a full backup helps. */
export type Continuation =
  | { possible: true; base: UnitEntry; files: LogFile[] }
  | { possible: false; code: string; reason: string }

/** What can be seen from the list of logs alone; what only their content tells is checked when they are read. */
export function continuation(inventory: Inventory, heads: LaneHeads): Continuation {
  return logsUnusable(inventory) ?? goingOn(inventory, heads, inventory.log!.files!)
}

/** Why no log of this server can be backed up as it is set now, whatever was backed up before; undefined where they can. */
export function logsUnusable(inventory: Inventory): Extract<Continuation, { possible: false }> | undefined {
  const { log } = inventory
  if (log === null) return no('LOG_OFF', 'the server writes no binary log (log_bin is OFF)')
  if (log.format === 'STATEMENT')
    return no('BINLOG_FORMAT', 'the binary log holds statements instead of rows (binlog_format = STATEMENT)')
  if (log.filters.length > 0)
    return no('BINLOG_FILTERED', `the binary log does not hold all databases (${log.filters.join(', ')})`)
  if (log.encrypted) return no('BINLOG_ENCRYPTED', 'the binary logs are encrypted')
  const { files } = log
  if (files === null || !has(inventory, 'REPLICATION SLAVE')) return no('LOG_RIGHTS', missingRights(inventory))
  const gap = files.find((file, i) => i > 0 && numberOf(file.name) !== numberOf(files[i - 1]!.name) + 1)
  if (gap) return no('BINLOG_GAP', `a binary log before ${gap.name} is missing on the server`)
  return undefined
}

/** The end of the last log, so that there is no gap; else the last full, whose end may still be there. */
function goingOn(inventory: Inventory, heads: LaneHeads, files: LogFile[]): Continuation {
  const [log, data] = [heads.log, heads.data].map(head => head?.units.find(entry => entry.unit === unit))
  if (!data) return no('NO_FULL', 'there is no full backup that a log could continue')
  if (!isOfServer(data.to.stream, inventory))
    return no(
      'IDENTITY_CHANGED',
      'the last full backup was taken of another server or another log, or its place in the log was not known',
    )
  if (log?.to.stream === data.to.stream) {
    const result = filesFrom(log, files)
    if (result.possible || log.to.at >= data.to.at) return result
  }
  return filesFrom(data, files)
}

/** The files from the one that `base` ends in. */
export function filesFrom(base: UnitEntry, files: LogFile[]): Continuation {
  const { number, offset } = parseLogPosition(base.to.at)
  const first = files.findIndex(file => numberOf(file.name) === number)
  const file = files[first]
  if (!file) {
    const last = files.at(-1)
    return last && numberOf(last.name) < number
      ? no('BINLOG_RESET', `the server numbers its binary logs anew: its last one is ${last.name}`)
      : no('BINLOG_PURGED', `the server has deleted binary log ${number}, which the next backup had to begin with`)
  }
  if (file.size < offset)
    return no('BINLOG_RESET', `${file.name} is shorter than it was: the server has begun its binary logs anew`)
  if (base.info?.logCreated === undefined)
    return no('LOG_UNKNOWN', 'the last full backup could not see which binary log its position lies in')
  return { possible: true, base, files: files.slice(first) }
}

function missingRights(inventory: Inventory): string {
  const listing =
    inventory.flavour === 'mariadb' && inventory.release >= 100_502 ? 'BINLOG MONITOR' : 'REPLICATION CLIENT'
  const account = quoteAccount(inventory.account)
  return `the account may not read binary logs: GRANT REPLICATION SLAVE, ${listing} ON *.* TO ${account}`
}

function no(code: string, reason: string): Extract<Continuation, { possible: false }> {
  return { possible: false, code, reason: `${reason}, so everything is backed up` }
}
