import type { Server } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import { readLog } from './read-log.ts'
import { LogWalk } from './walk.ts'

/** What the first events of a log say: which file of that name it is, and which transactions lie before it. */
export interface LogHead {
  /** Unix seconds. */
  created: number
  gtidsBefore: string
}

/** @param server is given up. @throws ServerError, LogDamage, or the error that the connection was lost with */
export async function readLogHead(server: Server, flavour: Flavour, file: string): Promise<LogHead> {
  const walk = new LogWalk(file)
  for await (const bytes of readLog(server, flavour, file)) {
    walk.push(bytes)
    if (walk.head) break
  }
  return walk.head ?? { created: walk.finish().format.created, gtidsBefore: '' }
}
