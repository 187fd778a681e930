import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { RestoreContext } from '../../engine.ts'
import { type Login, Server } from '../connection/server.ts'
import { inspectServer } from '../inspect.ts'
import { has, type Inventory } from '../inventory.ts'
import { quoteAccount } from '../sql/quote.ts'
import { whenDenied } from '../wire/server-error.ts'
import type { Replay } from './scan.ts'

export interface PreparedTarget {
  mariadb: boolean
  /** The scheduler was stopped, and will run again. */
  schedulerStopped: boolean
  /** Puts the scheduler back as it was. Never throws: where it cannot, it warns, and whatever else there is to say is said too. */
  putBack(): Promise<void>
}

/**
 * Looks whether the target can take the logs, before anything is changed, and keeps its scheduler from running events until the logs are
 * replayed: they would write between the transactions.
 * @throws Failure `restore-target…`
 */
export async function prepareTarget(
  login: Login,
  replay: Replay,
  { signal, warn }: Pick<RestoreContext, 'signal' | 'warn'>,
): Promise<PreparedTarget> {
  const server = await Server.connect(login, signal)
  try {
    const inventory = await inspectServer(server)
    requireRight(inventory)
    await requirePacket(server, replay)
    const scheduler = await server.one('SELECT @@global.event_scheduler state')
    const mariadb = inventory.flavour === 'mariadb'
    if (scheduler?.state !== 'ON') return { mariadb, schedulerStopped: false, putBack: async () => {} }
    const schedulerStopped = (await server.query('SET GLOBAL event_scheduler = OFF').catch(whenDenied)) !== undefined
    if (!schedulerStopped)
      warn(
        'scheduler-on',
        'the account may not stop the event scheduler of the target: events may write while the logs are replayed',
      )
    const putBack = async () => {
      if (schedulerStopped) await startScheduler(login, warn)
    }
    return { mariadb, schedulerStopped, putBack }
  } finally {
    await server.end()
  }
}

/** The logs may have changed the very account, and the connection of the replay may be lost. */
async function startScheduler(login: Login, warn: RestoreContext['warn']): Promise<void> {
  const statement = 'SET GLOBAL event_scheduler = ON'
  try {
    const server = await Server.connect(login, new AbortController().signal)
    try {
      await server.query(statement)
    } finally {
      await server.end()
    }
  } catch (error) {
    warn(
      'scheduler-off',
      `the event scheduler of the target was stopped and could not be started again (${messageOf(error)}); run on the target: ${statement}`,
    )
  }
}

function requireRight(inventory: Inventory): void {
  const sufficient = inventory.flavour === 'mariadb' ? ['BINLOG REPLAY'] : ['BINLOG_ADMIN', 'REPLICATION_APPLIER']
  if ([...sufficient, 'SUPER'].some(right => has(inventory, right))) return
  const account = quoteAccount(inventory.account)
  throw new Failure('restore-target-right', `The account ${account} of the target lacks the right ${sufficient[0]}`, {
    why: 'rows of binary logs are replayed with it',
    fix: `Run on the target as an administrator: GRANT ${sufficient[0]} ON *.* TO ${account}`,
  })
}

async function requirePacket(server: Server, { largestEvent }: Replay): Promise<void> {
  const row = await server.one('SELECT @@global.max_allowed_packet bytes')
  const limit = Number(row?.bytes)
  // Four characters for three bytes, and as many again for the tables as for a chunk of rows.
  const needed = Math.ceil((largestEvent * 4) / 3) + 1024 * 1024
  if (needed < limit) return
  const most = 1024 ** 3
  throw new Failure('restore-target-packet', `The target takes no statement longer than ${limit} bytes`, {
    why: `an event of the binary logs has ${largestEvent} bytes, which become a statement of ${needed}`,
    fix:
      needed < most
        ? `Run on the target: SET GLOBAL max_allowed_packet = ${Math.ceil((needed + 1) / 1024) * 1024}`
        : 'No server takes such a statement: restore to a moment before it',
  })
}
