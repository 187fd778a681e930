import type { Login } from '../login.ts'
import { mayCreateDatabase } from '../rights.ts'
import { refused } from '../sql-error.ts'
import type { Rule } from './rule.ts'

/**
 * Compressed and plain sets cannot share a media set.
 * Source: Microsoft, "Backup compression (SQL Server)", restrictions; reference 1.C, full.
 *
 * @param compressed what is asked for. @param there of the sets in the file. @throws SqlError 3098
 */
export function checkCompression(compressed: boolean, there: boolean[]): void {
  if (there.every(each => each === compressed)) return
  throw compressed
    ? refused(3098, 'COMPRESSION', 'COMPRESSION', 'NO_COMPRESSION')
    : refused(3098, 'NO_COMPRESSION', 'NO_COMPRESSION', 'COMPRESSION')
}

/** Who may look into backup files. */
export const readRules: Rule<{ login: Login }>[] = [
  {
    number: 262,
    source: 'RESTORE Statements - HEADERONLY (Transact-SQL), permissions: CREATE DATABASE; reference 1.B',
    applies: ({ login }) => !mayCreateDatabase(login),
    values: () => ['CREATE DATABASE', 'master'],
  },
]

export interface VerifyFacts {
  /** CHECKSUM was asked for. */
  checksum: boolean
  /** The set has them. */
  checksums: boolean
}

export const checksumRules: Rule<VerifyFacts>[] = [
  {
    number: 3187,
    source: 'RESTORE Arguments (Transact-SQL), CHECKSUM',
    applies: ({ checksum, checksums }) => checksum && !checksums,
  },
]

/** Source: Microsoft, "MSSQLSERVER_3043"; "Possible media errors during backup and restore (SQL Server)". */
export const pageRules: Rule<{ checksum: boolean; damaged: boolean; name: string; file: string }>[] = [
  {
    number: 3043,
    source:
      'MSSQLSERVER_3043; Possible media errors during backup and restore (SQL Server): BACKUP WITH CHECKSUM verifies pages',
    applies: ({ checksum, damaged }) => checksum && damaged,
    values: ({ name, file }) => [name, '1:256', file],
  },
]
