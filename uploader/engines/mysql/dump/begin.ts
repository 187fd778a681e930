import { setTimeout } from 'node:timers/promises'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Session } from '../../engine.ts'
import { loginOf } from '../connection/login.ts'
import { explainLost } from '../connection/lost.ts'
import { prepareReading } from '../connection/prepare.ts'
import { requireSameServer } from '../connection/same-server.ts'
import { type Login, Server } from '../connection/server.ts'
import { inspectServer } from '../inspect.ts'
import { placeOf } from '../log/place.ts'
import { takeMoment } from '../moment/take.ts'
import { Selection } from '../selection/selection.ts'
import type { Settings } from '../settings.ts'
import { FullSession } from './session.ts'

export interface DumpOptions {
  /** Bytes of rows of one artefact; smaller ones for tests. */
  rangeBytes?: number
  /** What the last backup of the server ended with, if there is one: this one stays in its history of the log where it can. */
  last?: UnitEntry | undefined
}

/** Connects, takes the moment, and hands all of it to the session; what was opened is closed if anything fails. */
export async function begin(settings: Settings, context: BackupContext, options: DumpOptions = {}): Promise<Session> {
  const { signal } = context
  const servers: Server[] = []
  const destroy = () => {
    for (const server of servers) server.destroy()
  }
  signal.addEventListener('abort', destroy, { once: true })
  try {
    context.step(1)
    const login = await loginOf(settings.connection, signal)
    const control = await open(login, servers, signal)
    const inventory = await inspectServer(control)
    const selection = new Selection(settings, inventory.lowerCaseTableNames)
    // One more than there are consumers, to look up the bounds of ranges while all others read.
    const readers = await Promise.all(
      Array.from({ length: context.concurrency + 1 }, () => open(login, servers, signal)),
    )
    for (const reader of readers) {
      await prepareReading(reader, inventory.flavour)
      await requireSameServer(reader, inventory)
    }
    context.step(2)
    const sleep = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal })
    const moment = await takeMoment({ inventory, selection, control, readers, signal, warn: context.warn, sleep })
    moment.place = await placeOf({ login, control, signal }, inventory, moment, options.last)
    for (const reader of moment.readers) await reader.query('SAVEPOINT failsafe')
    const close = async () => {
      signal.removeEventListener('abort', destroy)
      // A server that is gone has released everything by itself.
      await moment.release().catch(() => {})
      await Promise.all(servers.map(server => server.end()))
    }
    return new FullSession(inventory, selection, moment, control, context, close, options.rangeBytes)
  } catch (error) {
    signal.removeEventListener('abort', destroy)
    destroy()
    signal.throwIfAborted()
    throw explainLost(error)
  }
}

async function open(login: Login, servers: Server[], signal: AbortSignal): Promise<Server> {
  const server = await Server.connect(login, signal)
  servers.push(server)
  return server
}
