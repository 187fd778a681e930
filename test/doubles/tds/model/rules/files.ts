import type { BackupFile } from '../backup-set.ts'
import { type Message, message } from '../messages.ts'
import { refused, SqlError } from '../sql-error.ts'

/** Where a file of the backup set is to go. */
export interface Placement {
  file: BackupFile
  path: string
}

export interface FileFacts {
  placements: Placement[]
  /** Name of another database whose file lies there. */
  ownerOf(path: string): string | undefined
  /** The directory of that path is there. */
  hasDirectory(path: string): boolean
}

/**
 * Where the files of a full backup go must be there, and free. All of their problems are told, and 3119 closes them.
 * Source: Microsoft, "MSSQLSERVER_3156"; "MSSQLSERVER_3176"; "RESTORE Arguments (Transact-SQL)", MOVE; reference 1.E, errors to map.
 *
 * @throws SqlError 3176, 1834 and 5133 with 3156
 */
export function checkPlacements({ placements, ownerOf, hasDirectory }: FileFacts): void {
  const problems: Message[] = []
  const claimed = new Map<string, BackupFile>()
  for (const { file, path } of placements) {
    const other = claimed.get(path.toLowerCase())
    const owner = ownerOf(path)
    claimed.set(path.toLowerCase(), file)
    if (other) problems.push(message(3176, path, file.logicalName, file.id, other.logicalName, other.id))
    if (owner !== undefined) {
      problems.push(message(1834, path, owner), message(3156, file.logicalName, path))
    } else if (!hasDirectory(path)) {
      problems.push(
        message(5133, path, '3(The system cannot find the path specified.)'),
        message(3156, file.logicalName, path),
      )
    }
  }
  if (problems.length > 0) throw new SqlError(...problems, message(3119))
}

/** Source: Microsoft, "RESTORE Arguments (Transact-SQL)", MOVE: logical names are those of the set. @throws SqlError 3234 */
export function checkMoves(logicalNames: Iterable<string>, files: BackupFile[], database: string): void {
  for (const name of logicalNames) {
    const known = files.some(file => file.logicalName.toLowerCase() === name.toLowerCase())
    if (!known) throw refused(3234, name, database)
  }
}
