/** A file of the server's file system, by the name of a DIRECTORY object and its own. */
export interface Bfile {
  directory: string
  file: string
}

/** A temporary BLOB of a session. */
export interface Blob {
  blob: number
  /** Bytes. */
  length: number
}

/** A time with its zone. */
export class ZonedDate extends Date {
  /** Minutes that the zone is before UTC. */
  readonly offsetMinutes: number

  constructor(clock: Date, offsetMinutes: number) {
    super(clock)
    this.offsetMinutes = offsetMinutes
  }
}

/**
 * A value of SQL. NUMBER is a bigint where it is whole, as SCNs need; a number otherwise. DATE and TIMESTAMP name no time zone: the UTC
 * fields of the Date are what the clock of the database shows.
 */
export type Value = null | string | bigint | number | Date | Buffer | Bfile | Blob

export type TypeName = 'VARCHAR2' | 'NUMBER' | 'DATE' | 'TIMESTAMP' | 'TIMESTAMP_TZ' | 'RAW' | 'BFILE' | 'BLOB'

export interface Column {
  name: string
  type: TypeName
}

export function isBfile(value: Value): value is Bfile {
  return typeof value === 'object' && value !== null && 'directory' in value
}

export function isBlob(value: Value): value is Blob {
  return typeof value === 'object' && value !== null && 'blob' in value
}
