import { OraError } from '../ora.ts'
import { archiveLogCurrent, switchLogFile } from '../rules/archiving.ts'
import { require, requireRoot, type SessionState } from '../session/session.ts'
import type { Tape } from '../sql/tape.ts'

const illegal = (tape: Tape) => new OraError(2065, 'illegal option for ALTER SYSTEM', tape.next.at)

/** ALTER SYSTEM. @param signal aborted when the client breaks the command off */
export async function alterSystem(session: SessionState, tape: Tape, signal: AbortSignal): Promise<void> {
  require(session, 'ALTER SYSTEM')
  if (tape.takes('ARCHIVE', 'LOG', 'CURRENT')) {
    tape.end()
    requireRoot(session)
    await archiveLogCurrent(session.database, signal)
  } else if (tape.takes('SWITCH', 'LOGFILE')) {
    tape.end()
    requireRoot(session)
    await switchLogFile(session.database, session.thread, signal)
  } else if (tape.takes('CHECKPOINT')) {
    if (!tape.takes('GLOBAL')) tape.takes('LOCAL')
    tape.end()
    session.database.checkpoint()
  } else if (tape.takes('SET')) setParameter(session, tape)
  else throw illegal(tape)
}

function setParameter({ database }: SessionState, tape: Tape): void {
  const name = tape.name().toLowerCase()
  tape.expect('=', illegal(tape))
  const { text } = tape.take()
  while (tape.takes('SCOPE', '=')) tape.name()
  tape.end()
  if (!database.parameters.all().some(parameter => parameter.name === name))
    throw new OraError(2065, 'illegal option for ALTER SYSTEM')
  database.parameters.set(name, text)
}
