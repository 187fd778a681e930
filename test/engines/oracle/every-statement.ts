import * as backup from '../../../uploader/engines/oracle/statements/backup.ts'
import * as discovery from '../../../uploader/engines/oracle/statements/discovery.ts'
import * as files from '../../../uploader/engines/oracle/statements/files.ts'
import * as rights from '../../../uploader/engines/oracle/statements/rights.ts'
import type { Statement } from '../../../uploader/engines/oracle/statements/statement.ts'

const file = { directory: 'D', file: 'F' }

/** Every statement that the engine can send, with `N` for each name and `P` for each path, each once. */
export function everyStatement(): string[] {
  const statements: Statement[] = [
    ...Object.values(discovery).map(each => (typeof each === 'function' ? each(1, '0') : each)),
    rights.sessionRights,
    backup.beginBackup,
    backup.endBackup,
    backup.beginTablespace('N'),
    backup.endTablespace('N'),
    backup.enterContainer('N'),
    backup.openContainer('N', 'READ WRITE'),
    backup.openContainer('N', 'READ ONLY'),
    backup.archiveCurrent,
    backup.copyControlFile('P'),
    backup.traceControlFile('P'),
    backup.createParameterFile('P', 'SPFILE'),
    backup.createParameterFile('P', 'MEMORY'),
    backup.specifiedParameters,
    files.createDirectory('N', 'P'),
    files.dropDirectory('N'),
    files.directoriesLike('N'),
    files.restoredLogs('P'),
    files.openFile('D', 'F'),
    files.loadPiece('D', 'F', 1, 1),
    files.copyFile(file, file),
    files.removeFile('D', 'F'),
  ]
  return [...new Set(statements.map(({ text }) => text))]
}
