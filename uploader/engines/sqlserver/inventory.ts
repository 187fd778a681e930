import type { Settings } from './settings.ts'

/** What one look at the server showed. */
export interface Inventory {
  server: string
  /** `16.0.4105.2`, and its first number: 11 is 2012, 17 is 2025. */
  version: string
  major: number
  edition: string
  /** 2 Standard and Web, 3 Enterprise and Developer, 4 Express, 5 Azure SQL Database, 8 Managed Instance. */
  engineEdition: number
  platform: 'windows' | 'linux'
  /** Minutes that the server's clock is ahead of UTC. */
  offset: number
  /** The server's clock, an instant. */
  now: string
  databases: Database[]
  policy: Pick<Settings, 'coexist' | 'replicas'>
  /** Backups come through the door, not through files. */
  throughDoor: boolean
}

export type RecoveryModel = 'FULL' | 'BULK_LOGGED' | 'SIMPLE'

export interface Database {
  name: string
  state: string
  recovery: RecoveryModel
  readOnly: boolean
  standby: boolean
  /** It is a snapshot of another database. */
  isSnapshot: boolean
  encrypted: boolean
  /** Whether the login may enter it. */
  access: boolean
  /** `guid` is new where it was restored as a new database, `family` stays. Null while the database is not open. */
  guid: string | null
  family: string | null
  /** The recovery fork: new with every RESTORE that ended in recovery. */
  fork: string | null
  /** Where the next log backup begins, as `lsn` writes it; null where there is no log chain. */
  nextLog: string | null
  mirror: boolean
  /** Its role in an availability group. */
  role: 'primary' | 'secondary' | null
  preferredReplica: boolean
  files: DatabaseFile[]
}

export interface DatabaseFile {
  /** `filestream`: also what holds memory-optimised tables. */
  type: 'rows' | 'filestream'
  bytes: number
  /** GUID of the backup set that a differential of this file would build on. */
  differentialBase: string | null
}

/** The databases that every server has. */
export const systemDatabases: readonly string[] = ['master', 'model', 'msdb', 'tempdb']

export const dataBytes = ({ files }: Pick<Database, 'files'>) => files.reduce((sum, { bytes }) => sum + bytes, 0)
