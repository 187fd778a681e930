import { OraError } from '../ora.ts'
import { runBlock } from '../plsql/run-block.ts'
import type { Answer, Call } from '../server.ts'
import type { Blobs } from '../session/blobs.ts'
import type { ServerFiles } from '../session/files.ts'
import type { SessionState } from '../session/session.ts'
import { worldOf } from '../session/world.ts'
import { parseQuery, tapeOf } from '../sql/parse-query.ts'
import { runQuery } from '../sql/run-query.ts'
import type { Tape } from '../sql/tape.ts'
import { alterDatabase, alterPluggableDatabase } from './alter-database.ts'
import { alterSession } from './alter-session.ts'
import { alterSystem } from './alter-system.ts'
import { alterTablespace } from './alter-tablespace.ts'
import { create, drop } from './create.ts'

/** A session, and what it holds in its memory. */
export interface Process {
  session: SessionState
  files: ServerFiles
  blobs: Blobs
}

/** One statement of a session. @param signal aborted when the client breaks it off */
export async function perform(process: Process, { sql, binds }: Call, signal: AbortSignal): Promise<Answer> {
  const { session, files } = process
  const first = /^[\s(]*(\w+)/.exec(sql)?.[1]?.toUpperCase()
  const world = worldOf(session, files, binds)
  if (first === 'BEGIN' || first === 'DECLARE') {
    const execute = (statement: string) => perform(process, { sql: statement, binds: [] }, signal)
    return { kind: 'done', rows: 0, out: await runBlock(sql, { ...process, world, execute }) }
  }
  const tape = tapeOf(sql)
  if (first === 'SELECT') {
    const query = parseQuery(tape)
    tape.end()
    return { kind: 'rows', ...runQuery(query, world) }
  }
  await command(session, tape, signal)
  return { kind: 'done', rows: 0 }
}

async function command(session: SessionState, tape: Tape, signal: AbortSignal): Promise<void> {
  if (tape.takes('ALTER', 'DATABASE')) alterDatabase(session, tape)
  else if (tape.takes('ALTER', 'PLUGGABLE', 'DATABASE')) alterPluggableDatabase(session, tape)
  else if (tape.takes('ALTER', 'SYSTEM')) await alterSystem(session, tape, signal)
  else if (tape.takes('ALTER', 'TABLESPACE')) alterTablespace(session, tape)
  else if (tape.takes('ALTER', 'SESSION')) alterSession(session, tape)
  else if (tape.takes('CREATE')) create(session, tape)
  else if (tape.takes('DROP')) drop(session, tape)
  else throw new OraError(900, 'invalid SQL statement', tape.next.at)
}
