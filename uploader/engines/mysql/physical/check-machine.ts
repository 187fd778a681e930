import { Failure } from '../../../../shared/failure.ts'
import type { Finding } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { has, type Inventory } from '../inventory.ts'
import type { Settings } from '../settings.ts'
import { lookAtMachine } from './machine.ts'
import { programs } from './program.ts'

/** From so many bytes of rows on, hours lie between the two methods. */
const large = 50 * 1024 ** 3

/** What keeps a physical backup from being taken here; or that one could be taken, where the server is large and its copy would be much faster. */
export async function checkMachine(
  server: Server,
  inventory: Inventory,
  settings: Settings,
  signal: AbortSignal,
): Promise<Finding[]> {
  const physical = settings.method === 'physical'
  if (!physical && (inventory.dataBytes < large || !has(inventory, 'PROCESS'))) return []
  const failure = await lookAtMachine(server, inventory, settings, signal).then(() => undefined, asFailure)
  if (physical) return failure ? [findingOf(failure)] : []
  return failure ? [] : [recommendation(inventory)]
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}

function findingOf({ code, message, why = '', fix = '' }: Failure): Finding {
  return { code, grave: true, what: message, why, fix }
}

function recommendation({ flavour, dataBytes }: Inventory): Finding {
  return {
    code: 'mysql-physical-recommended',
    grave: false,
    what: `The server holds ${Math.floor(dataBytes / 1024 ** 3)} GiB of rows, and ${programs[flavour].backup} is installed here`,
    why: 'a copy of the data files spares the server the reading of all rows, and a restore the loading of them',
    fix: 'Set method: physical for the source',
  }
}
