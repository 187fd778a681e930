import type { Failure } from '../../../shared/failure.ts'
import type { Settings } from './settings.ts'

/** What one look at the server showed. */
export interface Inventory {
  /** Its short name, as Exchange and the writer call it. */
  server: string
  /** `15.2.1544.4` */
  version: string
  isDomainController: boolean
  databases: Database[]
  volumes: Volume[]
  /** Drive letters that are in use, for whatever. */
  letters: string[]
  /** Whether Windows Server Backup is installed. */
  serverBackup: boolean
  /** A 64-bit process with all rights of an administrator. */
  elevated: boolean
  policy: Pick<Settings, 'include' | 'exclude' | 'copies' | 'systemState'>
}

/** A mailbox database with a copy on this server. */
export interface Database {
  name: string
  guid: string
  edb: string
  logFolder: string
  /** What the names of its logs begin with: `E00`. */
  base: string
  circular: boolean
  /** Its active copy is in use, here or on another server. */
  mounted: boolean
  /** The server that has the active copy. */
  activeOn: string
  /** A recovery database: a tool of a restore. */
  recovery: boolean
  backupInProgress: boolean
  /** When Exchange was last told of a full backup, ISO 8601. */
  lastFull: string | null
  /** How the copy on this server stands: `Mounted`, `Healthy`, ... ; null where there is one copy only. */
  copy: string | null
  /** Of the database file; null where it cannot be seen. */
  bytes: number | null
  closed: ClosedLogs | null
}

/** The closed logs that lie in a folder; the newest was opened, and those that a recovery would read. */
export interface ClosedLogs {
  count: number
  lowest: number
  highest: number
  /** Of the newest one; null where it cannot be read. */
  signLog: string | null
  /** What is wrong with the newest one that is damaged, of those that a recovery would read: so long no backup of the database is of use. */
  damaged: Failure | null
}

export interface Volume {
  /** Where it is mounted: `E:\`, `C:\mnt\db1\`. */
  name: string
  /** `\\?\Volume{…}\` */
  device: string
  capacity: number
  free: number
}

export const logSize = 1024 * 1024

/** What a full backup of it reads. */
export function fullBytes({ bytes, closed }: Pick<Database, 'bytes' | 'closed'>): number {
  return (bytes ?? 0) + (closed?.count ?? 0) * logSize
}

/** The unit that the System State of the server is. No database of Exchange has such a name. */
export const systemStateUnit = 'System State:'
