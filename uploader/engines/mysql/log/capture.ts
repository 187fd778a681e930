import { setTimeout } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import { ServerError } from '../wire/server-error.ts'
import { readLog } from './read-log.ts'
import type { Span } from './session.ts'
import { LogDamage, type LogFacts, LogWalk } from './walk.ts'

/** The end of the log that is written to may be known before it is on the server's disk, and only what is there is handed out. */
const patience = { attempts: 50, milliseconds: 100 }

/**
 * Yields one file up to where it counts, every byte checked. Returns what was learnt of it.
 * @param from where what is new begins, for the first file
 * @throws LogDamage, ServerError; Failure where the connection is lost
 */
export async function* capture(
  open: () => Promise<Server>,
  flavour: Flavour,
  { name, until, closed }: Span,
  from: number | undefined,
): AsyncGenerator<Buffer, LogFacts> {
  const walk = new LogWalk(name, from)
  let passed = 0
  for (let attempt = 1; passed < until; attempt++) {
    if (attempt > 1) await setTimeout(patience.milliseconds)
    let skip = passed
    try {
      for await (const bytes of readLog(await open(), flavour, name)) {
        const piece = bytes.subarray(Math.min(skip, bytes.length)).subarray(0, until - passed)
        skip -= Math.min(skip, bytes.length)
        if (piece.length === 0) continue
        walk.push(piece)
        passed += piece.length
        yield piece
        if (passed === until) break
      }
    } catch (error) {
      if (error instanceof ServerError || error instanceof LogDamage || error instanceof Failure) throw error
      throw new Failure('mysql-connection-lost', `The connection was lost while ${name} was read`, {
        why: messageOf(error),
        fix: 'Run the backup again',
        retriable: true,
        cause: error,
      })
    }
    if (passed < until && (closed || attempt === patience.attempts))
      throw new LogDamage('damaged', `${name} ends at ${passed}, but the server lists ${until} bytes`)
  }
  return walk.finish()
}
