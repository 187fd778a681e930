import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { BackupContext, Plan, Session } from '../../engine.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { Server } from '../connection/server.ts'
import { inspectServer } from '../inspect.ts'
import { judge } from '../plan/judge.ts'
import type { Settings } from '../settings.ts'
import { stale } from '../statements/discovery.ts'
import { Exchange, tokenOf } from './exchange.ts'
import { BackupSession } from './session.ts'
import { Taker } from './taker.ts'
import { warnOfEncryption } from './warn-of-encryption.ts'
import { type Patience, patience } from './watch.ts'

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
  const token = tokenOf(context.scratch)
  const program = `failsafe ${token}`
  const exchange = new Exchange(settings, token)
  context.step(1)
  const login = await loginOf(settings.connection, signal)
  const control = await Server.connect(login, `${program} control`, signal)
  try {
    await requireNoOther(control, program, pause, signal)
    await exchange.sweep()
    const inventory = await inspectServer(control, settings)
    const verdicts = judge(plan.kind, inventory, plan.heads!)
    await warnOfEncryption(control, verdicts, context.warn)
    let session: BackupSession
    const taker = () =>
      new Taker({
        login,
        program,
        inventory,
        exchange,
        control,
        signal,
        patience: options.patience ?? patience,
        pause,
        now: context.now,
        onPercent: (task, percent) => session.report(task, percent),
      })
    const takers = Array.from({ length: settings.parallel }, taker)
    session = new BackupSession({ plan, inventory, verdicts, exchange, control, takers, stop, context })
    return session
  } catch (error) {
    await control.end()
    context.signal.throwIfAborted()
    throw explain(error)
  }
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
