import type { BackupContext, Plan, Session } from '../../engine.ts'
import { tokenOf } from '../../token-of.ts'
import { explain } from '../helper/explain.ts'
import type { HelperOptions } from '../helper/helper.ts'
import { startNotes } from '../helper/with-notes.ts'
import { readInstance, requireOutside } from '../place/instance.ts'
import type { Settings } from '../settings.ts'
import { Copies } from './copies.ts'
import type { Patience } from './run.ts'
import { DominoSession } from './session.ts'

export interface BeginOptions extends HelperOptions {
  /** Shorter for tests. */
  patience?: Patience
}

/** Half a minute between two attempts, ten minutes in all. */
const patience: Patience = { pause: 30_000, attempts: 20 }

/** Looks at the partition once more, removes what a killed run left behind, and starts the process that speaks with Domino. */
export async function begin(
  settings: Settings,
  plan: Plan,
  context: BackupContext,
  options: BeginOptions,
): Promise<Session> {
  const { signal } = context
  context.step(1)
  const instance = await readInstance(settings)
  await requireOutside(settings.directory, instance)
  for (const name of instance.twice)
    context.warn('ini-twice', `${instance.ini} has several lines ${name}=; the first one counts`)
  const copies = new Copies(settings.directory, tokenOf(context), settings.parallel)
  await copies.sweep()
  const helper = await startNotes(instance, settings, signal, options)
  try {
    const style = await helper.ask('style', {}, { signal })
    const wait = options.patience ?? patience
    return new DominoSession({ plan, instance, style, settings, helper, copies, patience: wait, context })
  } catch (error) {
    await helper.end()
    signal.throwIfAborted()
    throw explain(error, instance)
  }
}
