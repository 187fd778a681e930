import type { Finding } from '../../engine.ts'
import type { HelperOptions } from '../helper/helper.ts'
import { inspect } from '../inspect.ts'
import type { Settings } from '../settings.ts'

/** Log runs need extents that wait until they were backed up. */
export async function checkLogs(settings: Settings, signal: AbortSignal, options: HelperOptions): Promise<Finding[]> {
  const { style } = await inspect(settings, signal, options)
  if (style === 'archive') return []
  return [
    {
      code: 'domino-log-style',
      grave: true,
      what: 'Log runs are scheduled, and each of them becomes a full',
      why:
        style === null
          ? 'the server has no transaction log'
          : `the transaction log is ${style}: its extents are overwritten, whether they were backed up or not`,
      fix: 'Set transaction logging to archive style in the server document and restart the server; or take log out of the schedule',
    },
  ]
}
