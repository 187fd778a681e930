import type { Finding } from '../engine.ts'
import { loginOf } from './connection/login.ts'
import { explainLost } from './connection/lost.ts'
import { Server } from './connection/server.ts'
import { inspectServer, requireVersion } from './inspect.ts'
import { missingRights } from './rights.ts'
import type { Settings } from './settings.ts'

/** One finding for each right that the account lacks on this server, with the statement that grants it. */
export async function checkRights(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const server = await Server.connect(await loginOf(settings.connection, signal), signal)
  const abort = () => server.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    const inventory = await inspectServer(server)
    requireVersion(inventory)
    return missingRights(inventory).map(({ name, use, without, needed, statement }) => ({
      code: 'mysql-missing-right',
      grave: needed,
      what: `The account lacks the right ${name}, which is there ${use}`,
      why: needed ? `the backup is refused: without it ${without}` : without,
      fix: `Run as an administrator: ${statement}`,
    }))
  } catch (error) {
    signal.throwIfAborted()
    throw explainLost(error)
  } finally {
    signal.removeEventListener('abort', abort)
    await server.end()
  }
}
