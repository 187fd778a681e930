import { copyFileSync, existsSync, statSync } from 'node:fs'
import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'

const multiple = 512

/**
 * DBMS_FILE_TRANSFER.COPY_FILE, which reads files of the database out of ASM as well.
 *
 * @see PL/SQL Packages and Types Reference, "DBMS_FILE_TRANSFER"
 */
export function copyFile(database: Database, from: string, to: string): void {
  const source = database.dataFiles.find(({ name }) => name === from)?.path ?? from
  if (!existsSync(source))
    throw new OraError(19505, `failed to identify file "${from}"\nORA-27037: unable to obtain file status`)
  if (statSync(source).size % multiple !== 0)
    throw new OraError(
      19505,
      `failed to identify file "${from}"\nORA-27046: file size is not a multiple of logical block size`,
    )
  if (existsSync(to)) throw new OraError(19504, `failed to create file "${to}"\nORA-27038: created file already exists`)
  copyFileSync(source, to)
}
