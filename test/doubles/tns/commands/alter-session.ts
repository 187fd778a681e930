import { OraError } from '../ora.ts'
import type { SessionState } from '../session/session.ts'
import type { Tape } from '../sql/tape.ts'

/** ALTER SESSION SET: the container is changed, settings of language and format are taken and change nothing here. */
export function alterSession(session: SessionState, tape: Tape): void {
  tape.expect('SET', new OraError(922, 'missing or invalid option', tape.next.at))
  do {
    const name = tape.name()
    tape.expect('=', new OraError(927, 'missing equal sign', tape.next.at))
    const { text } = tape.take()
    if (name === 'CONTAINER') enter(session, text)
    else if (!/^(NLS_|TIME_ZONE)/.test(name)) throw new OraError(2248, 'invalid option for ALTER SESSION')
  } while (tape.next.kind !== 'end')
}

function enter(session: SessionState, name: string): void {
  const container = session.database.containers.find(found => found.name === name && found.id > 0)
  if (!container) throw new OraError(65011, `Pluggable database ${name} does not exist.`)
  session.container = container.id
}
