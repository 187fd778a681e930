import { text } from '../../row.ts'
import type { Login } from '../connection/login.ts'
import { type Row, Server } from '../connection/server.ts'
import { letIn, stateOf, type UserAccess } from '../statements/restore.ts'

/** How the server lists the connection. */
export const program = 'failsafe restore'

/** Who may be in a database that is to be replaced, and is kept out of it meanwhile; undefined where nobody is, or can be kept out: it is not online. */
export function accessOf(row: Row): UserAccess | undefined {
  const access = text(row, 'user_access_desc')
  if (!isOpen(row) || (access !== 'MULTI_USER' && access !== 'RESTRICTED_USER')) return undefined
  return access
}

/**
 * Lets everybody in again where the server has not begun to replace the database. By a connection of its own: the other one may be lost.
 * @throws what keeps it from that
 */
export async function giveBack(login: Login, database: string, access: UserAccess): Promise<void> {
  const server = await Server.connect(login, program, new AbortController().signal)
  try {
    const [row] = await server.query(stateOf(database))
    if (row && isOpen(row)) await server.query(letIn(database, access))
  } finally {
    await server.end()
  }
}

/** One that is being restored has nobody in it, and takes no ALTER DATABASE. */
function isOpen(row: Row): boolean {
  return ['ONLINE', 'EMERGENCY'].includes(text(row, 'state_desc'))
}
