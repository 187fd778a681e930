import { existsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'

/**
 * CREATE PFILE = 'path' FROM SPFILE | MEMORY
 *
 * @see SQL Language Reference, "CREATE PFILE"
 */
export function createParameterFile(database: Database, path: string, from: 'SPFILE' | 'MEMORY'): void {
  if (from === 'SPFILE' && database.spfile === null)
    throw new OraError(1565, "error in identifying file '?/dbs/spfile@.ora'\nORA-27037: unable to obtain file status")
  if (!existsSync(dirname(path))) throw new OraError(7391, 'sftopn: fopen error, unable to open text file.')
  writeFileSync(path, database.parameters.text())
}
