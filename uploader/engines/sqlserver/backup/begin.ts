import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { BackupContext, Plan, Session } from '../../engine.ts'
import { tokenOf } from '../../token-of.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { Server } from '../connection/server.ts'
import { openDoor } from '../door/open.ts'
import { inspectServer } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import { judge } from '../plan/judge.ts'
import { type Settings, sharedDirectory } from '../settings.ts'
import { stale } from '../statements/discovery.ts'
import { DiskWay } from './disk-way.ts'
import { DoorWay } from './door-way.ts'
import { Exchange } from './exchange.ts'
import { BackupSession } from './session.ts'
import { Taker } from './taker.ts'
import { warnOfEncryption } from './warn-of-encryption.ts'
import { type Patience, patience } from './watch.ts'
import type { Way } from './way.ts'

export interface BeginOptions {
  /** Shorter for tests. */
  patience?: Patience
  /** Milliseconds between two attempts at what is busy. */
  pause?: number
}

/** Looks at the server once more, makes sure that nothing of an earlier run is left there, and hands all of it to the session. */
export async function begin(
  settings: Settings,
  plan: Plan,
  context: BackupContext,
  options: BeginOptions = {},
): Promise<Session> {
  const { pause = 10_000 } = options
  const stop = new AbortController()
  const { signal } = stop
  context.signal.throwIfAborted()
  context.signal.addEventListener('abort', () => stop.abort(context.signal.reason), { once: true })
  const token = tokenOf(context)
  const program = `failsafe ${token}`
  context.step(1)
  const login = await loginOf(settings.connection, signal)
  const control = await Server.connect(login, `${program} control`, signal)
  try {
    await requireNoOther(control, program, pause, signal)
    const inventory = await inspectServer(control, settings)
    const verdicts = judge(plan.kind, inventory, plan.heads!)
    await warnOfEncryption(control, verdicts, context.warn)
    const way = await openWay(settings, { plan, inventory, token, control, signal, context })
    let session: BackupSession
    const taker = () =>
      new Taker({
        login,
        program,
        inventory,
        way,
        control,
        signal,
        patience: options.patience ?? patience,
        pause,
        now: context.now,
        onPercent: (task, percent) => session.report(task, percent),
        onContent: (task, content) => session.hand(task, content),
      })
    const takers = Array.from({ length: way.takers }, taker)
    session = new BackupSession({ plan, inventory, verdicts, way, control, takers, stop, context })
    return session
  } catch (error) {
    await control.end()
    context.signal.throwIfAborted()
    throw explain(error)
  }
}

interface Opening {
  plan: Plan
  inventory: Inventory
  token: string
  control: Server
  signal: AbortSignal
  context: Pick<BackupContext, 'concurrency' | 'scratch' | 'now'>
}

/** What runs of this source left behind that were killed is removed. */
async function openWay(
  settings: Settings,
  { plan, inventory, token, control, signal, context }: Opening,
): Promise<Way> {
  const { parallel } = settings
  const shared = sharedDirectory(settings)
  if (shared) {
    const exchange = new Exchange(shared, token)
    await exchange.sweep()
    return new DiskWay(exchange, inventory, { takers: parallel, signal })
  }
  const { concurrency, scratch, now } = context
  const door = await openDoor(control, settings.door!, { inventory, token, spool: join(scratch, 'door'), now })
  // What is sent to it breaks off at once: the server would wait for a reader that has gone.
  signal.addEventListener('abort', () => door.abandon(), { once: true })
  const { stripes } = settings.door!
  return new DoorWay({ door, inventory, kind: plan.kind, stripes, parallel, readers: concurrency, control, signal })
}

const attempts = 6

/** The server notices that a killed run is gone when it next writes to it; until then its BACKUP keeps ours out. */
async function requireNoOther(control: Server, program: string, pause: number, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const sessions = await control.query(stale(program), { signal })
    if (sessions.length === 0) return
    if (attempt === attempts)
      throw new Failure('sqlserver-earlier-run', 'A backup of an earlier run is still going on at the server', {
        why: `its session is ${sessions.map(({ session_id }) => session_id).join(', ')}, and its agent is gone`,
        fix: `Wait for it, or run as an administrator: KILL ${sessions[0]!.session_id}`,
        retriable: true,
      })
    await setTimeout(pause, undefined, { signal })
  }
}
