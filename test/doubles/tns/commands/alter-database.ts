import { OraError } from '../ora.ts'
import { beginDatabaseBackup, endDatabaseBackup, requireNoBackupForOpen, requireOpen } from '../rules/backup-mode.ts'
import { backupControlFile, traceControlFile } from '../rules/control-file.ts'
import { require, requireRoot, type SessionState } from '../session/session.ts'
import type { Tape } from '../sql/tape.ts'

const invalid = (tape: Tape) => new OraError(2231, 'missing or invalid option to ALTER DATABASE', tape.next.at)

/** ALTER DATABASE, whose name may stand before what is to be done. */
export function alterDatabase(session: SessionState, tape: Tape): void {
  const { database, container } = session
  require(session, 'ALTER DATABASE')
  if (tape.takes('BEGIN', 'BACKUP')) {
    tape.end()
    beginDatabaseBackup(database, container)
  } else if (tape.takes('END', 'BACKUP')) {
    tape.end()
    endDatabaseBackup(database, container)
  } else if (tape.takes('BACKUP', 'CONTROLFILE', 'TO')) {
    requireRoot(session)
    backup(session, tape)
  } else if (tape.takes('OPEN')) {
    tape.end()
    if (database.status === 'OPEN') throw new OraError(1531, 'a database already open by the instance')
    requireNoBackupForOpen(database)
    database.open()
  } else throw invalid(tape)
}

function backup({ database }: SessionState, tape: Tape): void {
  if (tape.takes('TRACE')) {
    const path = tape.takes('AS') ? tape.text(invalid(tape)) : null
    const reuse = tape.takes('REUSE')
    if (!tape.takes('RESETLOGS')) tape.takes('NORESETLOGS')
    tape.end()
    traceControlFile(database, path, reuse)
  } else {
    const path = tape.text(invalid(tape))
    const reuse = tape.takes('REUSE')
    tape.end()
    backupControlFile(database, path, reuse)
  }
}

/** ALTER PLUGGABLE DATABASE [name] BEGIN BACKUP | END BACKUP | OPEN [READ ONLY | READ WRITE] */
export function alterPluggableDatabase(session: SessionState, tape: Tape): void {
  const { database } = session
  require(session, 'ALTER DATABASE')
  const name = tape.sees('BEGIN', 'BACKUP') || tape.sees('END', 'BACKUP') ? null : tape.name()
  const container = name === null ? session.container : database.containers.find(found => found.name === name)?.id
  if (container === undefined) throw new OraError(65011, `Pluggable database ${name} does not exist.`)
  if (container <= 1) throw new OraError(65046, 'operation not allowed from outside a pluggable database')
  if (tape.takes('OPEN')) {
    const readOnly = tape.takes('READ', 'ONLY')
    if (!readOnly) tape.takes('READ', 'WRITE')
    tape.end()
    openPluggable(session, container, readOnly)
    return
  }
  const begin = tape.takes('BEGIN', 'BACKUP')
  if (!begin && !tape.takes('END', 'BACKUP')) throw invalid(tape)
  tape.end()
  if (begin) beginDatabaseBackup(database, container)
  else endDatabaseBackup(database, container)
}

function openPluggable({ database }: SessionState, id: number, readOnly: boolean): void {
  requireOpen(database)
  const container = database.containers.find(each => each.id === id)!
  if (container.openMode !== 'MOUNTED') throw new OraError(65019, `pluggable database ${container.name} already open`)
  container.openMode = readOnly ? 'READ ONLY' : 'READ WRITE'
}
