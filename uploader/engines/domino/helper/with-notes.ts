import type { Instance } from '../place/instance.ts'
import type { Settings } from '../settings.ts'
import { explain, explainInit } from './explain.ts'
import { Helper, type HelperOptions } from './helper.ts'
import { identityOf } from './user.ts'

/** A password is asked for before anything is answered. */
const initTime = 60_000

/** A helper that has initialised the Notes API. Whoever gets it ends it. @throws Failure */
export async function startNotes(
  instance: Instance,
  { user }: Pick<Settings, 'user'>,
  signal: AbortSignal,
  options: HelperOptions,
): Promise<Helper> {
  const identity = await (options.identity ?? identityOf)(user)
  signal.throwIfAborted()
  const helper = Helper.start(instance, identity, options)
  try {
    await helper.ask(
      'init',
      { library: instance.library, ini: instance.ini },
      {
        signal,
        silence: Math.min(initTime, options.silence ?? initTime),
      },
    )
    return helper
  } catch (error) {
    await helper.end()
    signal.throwIfAborted()
    throw explainInit(error, instance, user)
  }
}

/** The same for as long as `work` takes. */
export async function withNotes<T>(
  instance: Instance,
  settings: Pick<Settings, 'user'>,
  signal: AbortSignal,
  options: HelperOptions,
  work: (helper: Helper) => Promise<T>,
): Promise<T> {
  const helper = await startNotes(instance, settings, signal, options)
  try {
    return await work(helper)
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error, instance)
  } finally {
    await helper.end()
  }
}
