import { explain } from './errors.ts'
import type { Login } from './login.ts'
import { Server } from './server.ts'

/** How the server lists connections that belong to no run. */
const program = 'failsafe'

/** One connection for as long as `work` takes; an abort ends both. */
export async function withServer<T>(
  login: Login,
  signal: AbortSignal,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await Server.connect(login, program, signal)
  const abort = () => server.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await work(server)
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    signal.removeEventListener('abort', abort)
    await server.end()
  }
}
