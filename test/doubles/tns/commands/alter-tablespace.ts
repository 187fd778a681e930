import { OraError } from '../ora.ts'
import { beginTablespaceBackup, endTablespaceBackup } from '../rules/backup-mode.ts'
import { findTablespace, makeReadOnly, makeReadWrite, takeOffline, takeOnline } from '../rules/tablespaces.ts'
import { require, type SessionState } from '../session/session.ts'
import type { Tape } from '../sql/tape.ts'

/** ALTER TABLESPACE, of the container that the session is in. */
export function alterTablespace(session: SessionState, tape: Tape): void {
  const { database, container } = session
  require(session, 'ALTER TABLESPACE')
  const name = tape.name()
  const option = options.find(({ words }) => tape.takes(...words))
  if (!option) throw new OraError(2142, 'missing or invalid ALTER TABLESPACE option', tape.next.at)
  tape.end()
  const temporary = name === 'TEMP' && database.tempFiles.some(file => file.container === container)
  if (temporary) throw new OraError(3217, 'invalid option for alter of TEMPORARY TABLESPACE')
  option.perform(database, findTablespace(database, name, container))
}

const options = [
  { words: ['BEGIN', 'BACKUP'], perform: beginTablespaceBackup },
  { words: ['END', 'BACKUP'], perform: endTablespaceBackup },
  { words: ['READ', 'ONLY'], perform: makeReadOnly },
  { words: ['READ', 'WRITE'], perform: makeReadWrite },
  { words: ['OFFLINE', 'NORMAL'], perform: takeOffline },
  { words: ['OFFLINE'], perform: takeOffline },
  { words: ['ONLINE'], perform: takeOnline },
]
