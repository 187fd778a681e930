import { withConnection } from '../../with-connection.ts'
import { explain } from './errors.ts'
import type { Login } from './login.ts'
import { Session } from './session.ts'

/** One connection for as long as `work` takes; an abort ends both. */
export function withSession<T>(login: Login, signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
  return withConnection(() => Session.connect(login, signal), signal, work, explain)
}
