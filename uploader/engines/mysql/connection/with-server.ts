import { explainLost } from './lost.ts'
import { type Login, Server } from './server.ts'

/** One connection for as long as `work` takes; an abort ends both. */
export async function withServer<T>(
  login: Login,
  signal: AbortSignal,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await Server.connect(login, signal)
  const abort = () => server.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await work(server)
  } catch (error) {
    signal.throwIfAborted()
    throw explainLost(error)
  } finally {
    signal.removeEventListener('abort', abort)
    await server.end()
  }
}
