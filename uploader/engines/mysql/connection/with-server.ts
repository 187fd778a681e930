import { withConnection } from '../../with-connection.ts'
import { explainLost } from './lost.ts'
import { type Login, Server } from './server.ts'

/** One connection for as long as `work` takes; an abort ends both. */
export function withServer<T>(login: Login, signal: AbortSignal, work: (server: Server) => Promise<T>): Promise<T> {
  return withConnection(() => Server.connect(login, signal), signal, work, explainLost)
}
