import { CallFailed } from '../helper/call-failed.ts'
import type { LogInfo } from '../notes/library.ts'
import { status } from '../notes/status.ts'
import type { Run } from './run.ts'

/** What the log knows of a database; undefined where it is gone, or cannot be asked, which is warned of. */
export async function logInfoOf(
  { helper, context }: Pick<Run, 'helper' | 'context'>,
  path: string,
): Promise<LogInfo | undefined> {
  try {
    return await helper.ask('info', { path }, { signal: context.signal })
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    if (error.status !== status.noSuchFile)
      context.warn('database-unknown', `Whether the log still knows ${path} could not be seen: ${error.message}`)
    return undefined
  }
}
