import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import { ownCommand } from '../../../own-command.ts'
import type { BackupContext, Plan, Session } from '../../engine.ts'
import { inspect } from '../inspect.ts'
import { LogSession } from '../log/session.ts'
import { judgeFull, judgeLogs } from '../plan/judge.ts'
import type { Settings } from '../settings.ts'
import { hookWord } from '../shadow/hook-words.ts'
import { exchangeState, listWriters, type Writer } from '../windows/writers.ts'
import { FullSession, type Pauses } from './session.ts'

export interface BeginOptions {
  /** Shorter for tests. */
  pauses?: Pauses
  /** The command line of the hook, where this process is not the program itself. */
  hook?: readonly string[]
}

const minute = 60_000
const ownPauses: Pauses = { freeze: [5 * minute, 10 * minute, 15 * minute], look: 10_000 }

/** Looks at the server once more, and changes nothing of it yet. */
export async function begin(
  settings: Settings,
  plan: Plan,
  context: BackupContext,
  { pauses = ownPauses, hook = [...ownCommand(), hookWord] }: BeginOptions = {},
): Promise<Session> {
  const { signal } = context
  context.step(1)
  const inventory = await inspect(settings, signal)
  if (plan.kind === 'log')
    return new LogSession({ plan, inventory, verdicts: judgeLogs(inventory, plan.heads!), context })
  if (!inventory.elevated) throw notElevated()
  const verdicts = judgeFull(inventory)
  const taken = verdicts.filter(({ how }) => how === 'take').map(({ database }) => database)
  if (taken.length === 0) {
    for (const { closed } of inventory.databases) if (closed?.damaged) throw closed.damaged
    throw new Failure('exchange-nothing-to-back-up', 'No database of this server can be backed up', {
      why:
        verdicts
          .flatMap(verdict => (verdict.how === 'leave-out' ? [`${verdict.database.name}: ${verdict.reason}`] : []))
          .join('; ') || 'Exchange names none',
      fix: 'Mount a database, or correct include, exclude and copies of the source',
    })
  }
  const busy = taken.filter(({ backupInProgress }) => backupInProgress).map(({ name }) => name)
  if (busy.length > 0)
    context.warn('exchange-backup-in-progress', `Exchange says that a backup of ${busy.join(', ')} is in progress`)
  const writers = await readyWriters(pauses.look, context)
  return new FullSession({ settings, plan, inventory, writers, verdicts, context, hook, pauses })
}

export function notElevated(): Failure {
  return new Failure('exchange-not-elevated', 'Exchange can only be backed up with all rights of an administrator', {
    why: 'without them, or from a 32-bit program, its VSS writer is not seen at all',
    fix: 'Run failsafe as SYSTEM (failsafe service install does), or in a command prompt that was started as administrator',
  })
}

const waits = 5

/** Another backup may be about to end. @throws Failure `exchange-writer-busy`, `exchange-writer-missing` */
async function readyWriters(pause: number, { signal, warn }: BackupContext): Promise<Writer[]> {
  for (let wait = 0; ; wait++) {
    const writers = await listWriters(signal)
    const state = exchangeState(writers)
    if (state !== stateWaiting) {
      if (state > stateWaiting)
        warn('exchange-writer-failed', `the VSS writer of Exchange is in state [${state}]: its last backup failed`)
      return writers
    }
    if (wait === waits)
      throw new Failure('exchange-writer-busy', 'Another backup of Exchange is going on', {
        why: 'its VSS writer is in state [5], waiting for the end of a backup',
        fix: 'Wait for it; if there is none, run: Restart-Service MSExchangeRepl',
        retriable: true,
      })
    await setTimeout(pause, undefined, { signal })
  }
}

const stateWaiting = 5
