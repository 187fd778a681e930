import { text } from '../../row.ts'
import { flag, guidOrNull } from '../connection/row.ts'
import type { Row } from '../connection/server.ts'
import { instantOf, lsn } from '../position.ts'

/** What the server's history says of one backup that it has written. */
export interface BackupSet {
  guid: string
  /** D full, I differential, L log. */
  type: string
  copyOnly: boolean
  damaged: boolean
  checksums: boolean
  bulkLogged: boolean
  recovery: string
  firstLsn: string
  lastLsn: string
  differentialBase: string | null
  firstFork: string
  lastFork: string
  /** Where a log left the one for the other; null where it lies on one. */
  forkPoint: string | null
  family: string
  database: string
  /** Instants of the server's clock. */
  started: string
  finished: string
}

/** The server did not note how far its clock was ahead of UTC. */
const unknownZone = 127

/** @param offset minutes ahead of UTC, for a server that noted none */
export function backupSetOf(row: Row, offset: number): BackupSet {
  const quarters = Number(row.time_zone ?? unknownZone)
  const ahead = quarters === unknownZone ? offset : quarters * 15
  return {
    guid: text(row, 'set_guid').trim().toLowerCase(),
    type: text(row, 'type').trim(),
    copyOnly: flag(row, 'is_copy_only'),
    damaged: flag(row, 'is_damaged'),
    checksums: flag(row, 'has_backup_checksums'),
    bulkLogged: flag(row, 'has_bulk_logged_data'),
    recovery: text(row, 'recovery_model'),
    firstLsn: lsn(text(row, 'first_lsn')),
    lastLsn: lsn(text(row, 'last_lsn')),
    differentialBase: guidOrNull(row, 'differential_base_guid'),
    firstFork: guidOrNull(row, 'first_fork') ?? '',
    lastFork: guidOrNull(row, 'last_fork') ?? '',
    forkPoint: row.fork_point === null ? null : lsn(text(row, 'fork_point')),
    family: guidOrNull(row, 'family_guid') ?? '',
    database: guidOrNull(row, 'database_guid') ?? '',
    started: instantOf(text(row, 'started'), ahead),
    finished: instantOf(text(row, 'finished'), ahead),
  }
}
