import type { Finding } from '../engine.ts'
import { loginOf } from './connection/login.ts'
import { withServer } from './connection/with-server.ts'
import { inspectServer, requireVersion } from './inspect.ts'
import { checkMachine } from './physical/check-machine.ts'
import { missingRights } from './rights.ts'
import type { Settings } from './settings.ts'

/**
 * One finding for each right that the account lacks on this server, with the statement that grants it; and what this machine lacks for the method, or
 * has for a better one.
 */
export async function checkRights(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  return withServer(await loginOf(settings.connection, signal), signal, async server => {
    const inventory = await inspectServer(server)
    requireVersion(inventory)
    const rights = missingRights(inventory, settings.method).map(({ name, use, without, needed, statement }) => ({
      code: 'mysql-missing-right',
      grave: needed,
      what: `The account lacks the right ${name}, which is there ${use}`,
      why: needed ? `the backup is refused: without it ${without}` : without,
      fix: `Run as an administrator: ${statement}`,
    }))
    // Without the rights the machine cannot be looked at.
    if (rights.some(({ grave }) => grave)) return rights
    return [...rights, ...(await checkMachine(server, inventory, settings, signal))]
  })
}
