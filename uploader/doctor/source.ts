import type { SourceConfig } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'
import { formatBytes } from '../output/format.ts'
import { type Check, failed, found, ok } from './check.ts'
import { longestPause } from './schedule.ts'

/** The application itself: whether it is reached and may be read, and how it is set against the schedule. */
export async function checkSource(source: SourceConfig, signal: AbortSignal, now: Date): Promise<Check[]> {
  const { name, schedule } = source
  const checks: Check[] = []
  try {
    const engine = await engineFor(source.engine)
    const settings = source.settings(engine.settings)
    // Rights first: an account that lacks one is told of all at once, where a backup names what it is refused for.
    for (const finding of (await engine.checkRights?.(settings, signal)) ?? [])
      checks.push(found('rights', finding, name))
    if (checks.every(({ outcome }) => outcome !== 'failed')) {
      const { expectedBytes, engineVersion } = engine.plan('full', await engine.inspect(settings, signal), {
        data: null,
        log: null,
      })
      checks.unshift(ok('engine', `${engineVersion} answers, about ${formatBytes(expectedBytes)} to back up`, name))
    }
    const pause = longestPause(schedule, now)
    if (pause !== undefined)
      for (const finding of (await engine.checkLogs?.(settings, pause, signal)) ?? [])
        checks.push(found('logs', finding, name))
  } catch (error) {
    signal.throwIfAborted()
    checks.push(failed('engine', error, name))
  }
  return checks
}
