import { createHash } from 'node:crypto'
import type { Position } from '../../../shared/position.ts'
import type { UnitEntry } from '../../../shared/snapshot.ts'
import type { Inventory } from './inventory.ts'
import type { Moment } from './moment/moment.ts'

/** The one unit of a MySQL server: its binary log is one for all databases. */
export const unit = 'server'

/**
 * Names the history that positions belong to: MySQL's own UUID, or what MariaDB has instead (its server_id is 1 on most servers,
 * so host and data directory are added), and the base name of the logs.
 */
export function streamOf(inventory: Inventory): string {
  const { flavour, serverId, serverUuid, hostname, dataDirectory, logBase } = inventory
  const place = createHash('sha256').update(`${hostname}\n${dataDirectory}`).digest('hex').slice(0, 16)
  const server = serverUuid ?? `${flavour}-${serverId}-${place}`
  return `${server}/${logBase === null ? 'no-log' : logBase}`
}

/** `0000000007:000000000342`: number of the log file and offset in it, both of a fixed width. */
export function logPosition(file: string, offset: string | bigint | number): string {
  const number = file.slice(file.lastIndexOf('.') + 1)
  return `${number.padStart(10, '0')}:${String(offset).padStart(12, '0')}`
}

/** Without a log position (log_bin off, or it may not be read) the time stands for it, in a stream of its own that no log continues. */
export function positionOf(inventory: Inventory, moment: Pick<Moment, 'log' | 'time'>): Position {
  if (moment.log) return { stream: streamOf(inventory), at: logPosition(moment.log.file, moment.log.offset) }
  return { stream: streamOf({ ...inventory, logBase: null }), at: moment.time }
}

export function unitEntry(inventory: Inventory, moment: Moment): UnitEntry {
  const position = positionOf(inventory, moment)
  return {
    unit,
    kind: 'full',
    base: null,
    from: position,
    to: position,
    covers: { from: moment.time, to: moment.time },
    info: {
      moment: moment.mode,
      lowerCaseTableNames: String(inventory.lowerCaseTableNames),
      ...(moment.log && { logFile: moment.log.file, logOffset: moment.log.offset }),
      ...(moment.gtid && { gtid: moment.gtid }),
    },
  }
}
