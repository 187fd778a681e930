import { randomUUID } from 'node:crypto'
import type { BackupFile, BackupSet, BackupType } from './backup-set.ts'
import type { Commit, Database } from './database.ts'
import type { Instance } from './instance.ts'
import type { Lsn } from './lsn.ts'

export interface BackupRequest {
  type: BackupType
  copyOnly: boolean
  checksums: boolean
  compressed: boolean
  /** BACKUP LOG … WITH NORECOVERY. */
  tail: boolean
  name: string | null
  description: string | null
  userName: string
}

export interface Draft {
  firstLsn: Lsn
  checkpointLsn: Lsn
  startedAt: number
}

const second = 1000
const wholeSeconds = (time: number) => Math.floor(time / second) * second

/** A secondary replica and a read-only database write no log. */
function writesLog(database: Database): boolean {
  return !database.readOnly && database.availability?.role !== 'SECONDARY'
}

/**
 * What is fixed when a backup begins. A data backup starts with a checkpoint, a log backup where the one before it ended.
 * Source: Microsoft, "RESTORE Statements - HEADERONLY", FirstLSN and CheckpointLSN.
 */
export function beginBackup(instance: Instance, database: Database, { type }: BackupRequest): Draft {
  if (type !== 'L' && writesLog(database)) database.checkpoint()
  return {
    firstLsn: type === 'L' ? database.logBackupLsn! : database.checkpointLsn,
    checkpointLsn: database.checkpointLsn,
    startedAt: wholeSeconds(instance.clock.local()),
  }
}

/** What the set holds: everything for a full one, what came since its base for a differential, its stretch of the log for a log. */
export function commitsOf(database: Database, { type }: BackupRequest, { firstLsn }: Draft): Commit[] {
  if (type === 'D') return [...database.commits]
  const from = type === 'L' ? firstLsn : lowestBase(database)
  return database.commits.filter(commit => commit.lsn >= from)
}

function lowestBase(database: Database): Lsn {
  const bases = database.files.flatMap(file => (file.differentialBase ? [file.differentialBase.lsn] : []))
  return bases.toSorted((one, other) => (one < other ? -1 : 1))[0]!
}

/** The set once all its data is written. Nothing of it counts before `settle`. */
export function draftSet(instance: Instance, database: Database, request: BackupRequest, draft: Draft): BackupSet {
  const { type, copyOnly } = request
  const uuid = randomUUID()
  const base = database.differentialBase
  const takes = type === 'D' && !copyOnly
  return {
    ...draft,
    uuid,
    mediaSetUuid: randomUUID(),
    type,
    name: request.name,
    description: request.description,
    databaseName: database.name,
    databaseGuid: database.guid,
    familyGuid: database.familyGuid,
    databaseCreateDate: database.createDate,
    lastLsn: database.end,
    databaseBackupLsn: database.fullBackupLsn ?? 0n,
    differentialBase: type === 'I' ? base : null,
    forks: database.forks.map(fork => ({ ...fork })),
    baseAfter: takes ? { lsn: draft.firstLsn, guid: uuid } : base,
    copyOnly: copyOnly && type !== 'I',
    damaged: false,
    checksums: request.checksums,
    bulkLogged: type === 'L' && database.commits.some(({ bulk, lsn }) => bulk && lsn >= draft.firstLsn),
    beginsLogChain: type === 'L' && database.logChainBegins,
    tail: request.tail,
    readOnly: database.readOnly,
    singleUser: database.userAccess === 'SINGLE_USER',
    recovery: database.recovery,
    compatibility: database.compatibility,
    containment: database.containment,
    compressed: request.compressed,
    encryptorThumbprint: database.encryptedBy === null ? null : instance.certificate(database.encryptedBy).thumbprint,
    finishedAt: wholeSeconds(instance.clock.local()),
    timeZone: Math.round(instance.clock.utcOffset / 15),
    serverName: instance.serverName,
    machineName: instance.serverName.split('\\')[0]!,
    userName: request.userName,
    versionMajor: instance.release.major,
    versionMinor: instance.release.minor,
    versionBuild: instance.release.build,
    backupSize: 0,
    compressedSize: 0,
    padding: database.padding,
    files: database.files.map(file => fileOf(database, file)),
  }
}

function fileOf(database: Database, file: Database['files'][number]): BackupFile {
  const { id, kind, logicalName, physicalName } = file
  const size = id === 1 ? 8 * 1024 * 1024 + database.padding : 8 * 1024 * 1024
  return { id, kind, logicalName, physicalName, size, backupSize: kind === 'LOG' ? 0 : size }
}

/**
 * What a finished backup changes in the database.
 * - A full one that is not copy-only becomes the differential base. Source: Microsoft, "Copy-only backups"; "Differential Backups".
 * - A data backup starts the log chain where there is none; a copy-only one does not. Source: reference 1.C, promotion table; [E].
 * - A log backup that is not copy-only moves the chain on. Source: Microsoft, "Copy-only backups".
 */
export function settle(instance: Instance, database: Database, set: BackupSet, device: string, position = 1): void {
  instance.record(device, position, set)
  if (set.type === 'D' && !set.copyOnly) {
    database.fullBackupLsn = set.checkpointLsn
    for (const file of database.files) if (file.kind !== 'LOG') file.differentialBase = set.baseAfter
  }
  if (set.type === 'L') {
    if (set.copyOnly) return
    database.logBackupLsn = set.lastLsn
    database.logChainBegins = false
    if (set.tail) database.state = 'RESTORING'
  } else if (!set.copyOnly && database.recovery !== 'SIMPLE' && database.logBackupLsn === null) {
    database.logBackupLsn = set.firstLsn
    database.logChainBegins = true
  }
}
