import type { DifferentialBase, Fork, RecoveryModel } from './database.ts'
import type { Lsn } from './lsn.ts'

/** `D` full, `I` differential, `L` log. Source: Microsoft, "backupset (Transact-SQL)", column type. */
export type BackupType = 'D' | 'I' | 'L'

export interface BackupFile {
  id: number
  kind: 'ROWS' | 'LOG' | 'FILESTREAM'
  logicalName: string
  physicalName: string
  /** Bytes of the file, and of it in the backup. */
  size: number
  backupSize: number
}

/** What the header of a backup set says, and its row in msdb. */
export interface BackupSet {
  uuid: string
  mediaSetUuid: string
  type: BackupType
  name: string | null
  description: string | null
  databaseName: string
  databaseGuid: string
  familyGuid: string
  /** Wall clock, milliseconds. */
  databaseCreateDate: number
  firstLsn: Lsn
  /** The record after the last one in the set. */
  lastLsn: Lsn
  checkpointLsn: Lsn
  /** Checkpoint of the full backup before it, or that it builds on; 0 without one. */
  databaseBackupLsn: Lsn
  differentialBase: DifferentialBase | null
  /** The whole history of the log up to `lastLsn`; SQL Server's own header tells the first and the last. */
  forks: Fork[]
  /** What the files' differential base is once this set is restored. */
  baseAfter: DifferentialBase | null
  copyOnly: boolean
  damaged: boolean
  checksums: boolean
  bulkLogged: boolean
  beginsLogChain: boolean
  /** The tail: the database was left restoring. */
  tail: boolean
  readOnly: boolean
  singleUser: boolean
  recovery: RecoveryModel
  compatibility: number
  containment: boolean
  compressed: boolean
  /** Thumbprint of the certificate that encrypts the database. */
  encryptorThumbprint: string | null
  /** Wall clock, milliseconds; whole seconds. */
  startedAt: number
  finishedAt: number
  /** Quarters of an hour that the wall clock is ahead of UTC. */
  timeZone: number
  serverName: string
  machineName: string
  userName: string
  versionMajor: number
  versionMinor: number
  versionBuild: number
  /** Bytes before compression, and in the file. */
  backupSize: number
  compressedSize: number
  padding: number
  files: BackupFile[]
}

/** A backup set in msdb, and where it was written. */
export interface HistoryRow {
  id: number
  mediaSetId: number
  device: string
  /** From 1: which set of the file it is. */
  position: number
  set: BackupSet
}

/**
 * The fork that the log is on at `at`: a fork begins after its fork point.
 * Source: Microsoft, "Recovery Paths (SQL Server)"; "RESTORE Statements - HEADERONLY", FirstRecoveryForkID and RecoveryForkID.
 */
export function forkAt(forks: Fork[], at: Lsn): Fork {
  return forks.findLast(fork => fork.from < at)!
}

export function firstFork(set: BackupSet): Fork {
  return forkAt(set.forks, set.firstLsn)
}

export function lastFork(set: BackupSet): Fork {
  return set.forks.at(-1)!
}

/** Null where the set lies on one fork alone. */
export function forkPoint(set: BackupSet): Lsn | null {
  return firstFork(set) === lastFork(set) ? null : lastFork(set).from
}
