import type { BackupSet } from '../model/backup-set.ts'
import type { Commit } from '../model/database.ts'

/** A piece of a backup set's data in the file. */
export interface Extent {
  id: 'MQDA' | 'MQTL' | 'MQCI'
  offset: number
  length: number
  compressed: boolean
  /** CRC-32 of the stored bytes, where the set was written with checksums. */
  crc: number | null
}

/** A backup set as it lies in a file. */
export interface StoredSet {
  /** From 1: the `FILE` of RESTORE. */
  position: number
  set: BackupSet
  extents: Extent[]
}

/** What is in a backup file. */
export interface Media {
  name: string
  sets: StoredSet[]
  /** Bytes; where another set would be appended. */
  end: number
}

const bigint = /^-?\d+n$/

/** LSNs are larger than JSON's numbers. */
export function encode(value: BackupSet | Commit[]): Buffer {
  return Buffer.from(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)))
}

const lsns = new Set(['lsn', 'from', 'firstLsn', 'lastLsn', 'checkpointLsn', 'databaseBackupLsn'])

export function decode<T extends BackupSet | Commit[]>(data: Buffer): T {
  return JSON.parse(data.toString(), (key, each) =>
    lsns.has(key) && typeof each === 'string' && bigint.test(each) ? BigInt(each.slice(0, -1)) : each,
  )
}
