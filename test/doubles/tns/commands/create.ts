import { OraError } from '../ora.ts'
import { requireOpen } from '../rules/backup-mode.ts'
import { createDirectory, dropDirectory } from '../rules/directories.ts'
import { createParameterFile } from '../rules/parameter-file.ts'
import { require, requireAdministrative, requireRoot, type SessionState } from '../session/session.ts'
import type { Tape } from '../sql/tape.ts'

export function create(session: SessionState, tape: Tape): void {
  const replace = tape.takes('OR', 'REPLACE')
  if (tape.takes('DIRECTORY')) {
    const name = tape.name()
    tape.expect('AS', new OraError(905, 'missing keyword', tape.next.at))
    const path = tape.text(new OraError(905, 'missing keyword', tape.next.at))
    tape.end()
    requireOpen(session.database)
    require(session, 'CREATE ANY DIRECTORY')
    createDirectory(session.database, { name, path, container: session.container }, replace)
  } else if (!replace && tape.takes('PFILE')) createPfile(session, tape)
  else throw new OraError(901, 'invalid CREATE command', tape.next.at)
}

function createPfile(session: SessionState, tape: Tape): void {
  const missing = () => new OraError(922, 'missing or invalid option', tape.next.at)
  tape.expect('=', missing())
  const path = tape.text(missing())
  tape.expect('FROM', missing())
  const from = tape.takes('MEMORY') ? 'MEMORY' : 'SPFILE'
  if (from === 'SPFILE') tape.expect('SPFILE', missing())
  tape.end()
  requireAdministrative(session)
  requireRoot(session)
  createParameterFile(session.database, path, from)
}

export function drop(session: SessionState, tape: Tape): void {
  tape.expect('DIRECTORY', new OraError(950, 'invalid DROP option', tape.next.at))
  const name = tape.name()
  tape.end()
  requireOpen(session.database)
  require(session, 'DROP ANY DIRECTORY')
  dropDirectory(session.database, name, session.container)
}
