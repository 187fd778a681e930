import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'

/**
 * CREATE [OR REPLACE] DIRECTORY. Whether the path is there is not looked at.
 *
 * @see SQL Language Reference, "CREATE DIRECTORY"
 */
export function createDirectory(
  database: Database,
  directory: { name: string; path: string; container: number },
  replace: boolean,
): void {
  const index = indexOf(database, directory.name, directory.container)
  if (index >= 0 && !replace) throw new OraError(955, 'name is already used by an existing object')
  if (index >= 0) database.directories[index] = directory
  else database.directories.push(directory)
}

export function dropDirectory(database: Database, name: string, container: number): void {
  const index = indexOf(database, name, container)
  if (index < 0) throw new OraError(4043, `object ${name} does not exist`)
  database.directories.splice(index, 1)
}

function indexOf({ directories }: Database, name: string, container: number): number {
  return directories.findIndex(directory => directory.name === name && directory.container === container)
}
