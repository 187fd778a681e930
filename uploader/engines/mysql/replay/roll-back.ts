import { messageOf } from '../../../../shared/failure.ts'
import type { RestoreContext } from '../../engine.ts'
import { type Login, Server } from '../connection/server.ts'
import { ServerError } from '../wire/server-error.ts'

/** ER_XAER_NOTA: no such transaction. It never came to be prepared, or has ended. */
const noSuchXid = 1397

/**
 * Ends the XA transactions that a replay has prepared and will not come to end: each would hold its locks on the target for ever, over restarts too. Never throws:
 * what it cannot end it names.
 */
export async function rollBack(login: Login, xids: Iterable<string>, warn: RestoreContext['warn']): Promise<void> {
  for (const xid of xids) {
    const statement = `XA ROLLBACK ${xid}`
    try {
      // The replay's own connection may be lost, and its signal be aborted.
      const server = await Server.connect(login, new AbortController().signal)
      try {
        await server.query(statement)
        warn('xa-rolled-back', `the XA transaction ${xid} was prepared when the replay stopped: it is rolled back`)
      } finally {
        await server.end()
      }
    } catch (error) {
      if (error instanceof ServerError && error.errno === noSuchXid) continue
      warn(
        'xa-prepared',
        `the XA transaction ${xid} that the replay prepared could not be rolled back and holds its locks (${messageOf(error)}); run on the target: ${statement}`,
      )
    }
  }
}
