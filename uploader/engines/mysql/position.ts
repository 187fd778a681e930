import { createHash } from 'node:crypto'
import type { Position } from '../../../shared/position.ts'
import type { UnitEntry } from '../../../shared/snapshot.ts'
import type { Inventory } from './inventory.ts'
import type { Moment } from './moment/moment.ts'

/** The one unit of a MySQL server: its binary log is one for all databases. */
export const unit = 'server'

/**
 * Names the server and its log: MySQL's own UUID, or what MariaDB has instead (its server_id is 1 on most servers, so host and data directory
 * are added), and the base name of the logs. A stream is one history of them: this, and when that history began.
 */
export function serverOf(inventory: Inventory): string {
  return `${nameOf(inventory)}/${inventory.logBase === null ? 'no-log' : inventory.logBase}`
}

function nameOf({ flavour, serverId, serverUuid, hostname, dataDirectory }: Inventory): string {
  const place = createHash('sha256').update(`${hostname}\n${dataDirectory}`).digest('hex').slice(0, 16)
  return serverUuid ?? `${flavour}-${serverId}-${place}`
}

/** Whether a stream is of this server at all, whatever its log was called then and whether it had one. */
export function isSameServer(stream: string, inventory: Inventory): boolean {
  return stream.startsWith(`${nameOf(inventory)}/`)
}

/** Whether a stream is a history of this server's log, be it the present one or one before its logs were reset. */
export function isOfServer(stream: string, inventory: Inventory): boolean {
  return stream.startsWith(`${serverOf(inventory)}/`)
}

/** `0000000007:000000000342`: number of the log file and offset in it, both of a fixed width. */
export function logPosition(file: string, offset: string | bigint | number): string {
  const number = file.slice(file.lastIndexOf('.') + 1)
  return `${number.padStart(10, '0')}:${String(offset).padStart(12, '0')}`
}

/** Which history of the log a full belongs to, and which of all files of that name its position lies in. */
export interface Place {
  stream: string
  /** Unix seconds when that file was begun; null where it could not be read: no log can continue there then. */
  created: number | null
}

/** A history that begins here: positions before it cannot be compared. */
export function newPlace(inventory: Inventory, { time }: Pick<Moment, 'time'>, created: number | null): Place {
  return { stream: `${serverOf(inventory)}/${time}`, created }
}

/** Without a log position (log_bin off, or it may not be read) the time stands for it, in a stream of its own that no log continues. */
export function positionOf(inventory: Inventory, moment: Pick<Moment, 'log' | 'time'>, place: Place): Position {
  if (moment.log) return { stream: place.stream, at: logPosition(moment.log.file, moment.log.offset) }
  return { stream: serverOf({ ...inventory, logBase: null }), at: moment.time }
}

/** The entry of a full. @param info what else is known of it */
export function unitEntry(
  inventory: Inventory,
  moment: Pick<Moment, 'log' | 'place' | 'gtid' | 'time'> & Partial<Pick<Moment, 'prepared' | 'replicaOf'>>,
  info: Record<string, string>,
): UnitEntry {
  const place = moment.place ?? newPlace(inventory, moment, null)
  // From a moment at which XA transactions were prepared no log can be replayed: none may go on from there.
  const continued = !moment.prepared?.length
  const log = continued ? moment.log : null
  const position = positionOf(inventory, { ...moment, log }, place)
  return {
    unit,
    kind: 'full',
    base: null,
    from: position,
    to: position,
    covers: { from: moment.time, to: moment.time },
    info: {
      ...info,
      lowerCaseTableNames: String(inventory.lowerCaseTableNames),
      ...(log && { logFile: log.file, logOffset: log.offset }),
      ...(log && place.created !== null && { logCreated: String(place.created) }),
      ...(continued && moment.gtid && { gtid: moment.gtid }),
      ...(moment.replicaOf && { replicaOf: moment.replicaOf }),
    },
  }
}

/** `binlog.000007` → 7 */
export function numberOf(file: string): number {
  return Number(file.slice(file.lastIndexOf('.') + 1))
}

/** @param at as `logPosition` writes it */
export function parseLogPosition(at: string): { number: number; offset: number } {
  const [number, offset] = at.split(':').map(Number)
  return { number: number!, offset: offset! }
}
