import { withConnection } from '../../with-connection.ts'
import { explain } from './errors.ts'
import type { Login } from './login.ts'
import { Server } from './server.ts'

/** How the server lists connections that belong to no run. */
const program = 'failsafe'

/** One connection for as long as `work` takes; an abort ends both. */
export function withServer<T>(login: Login, signal: AbortSignal, work: (server: Server) => Promise<T>): Promise<T> {
  return withConnection(() => Server.connect(login, program, signal), signal, work, explain)
}
