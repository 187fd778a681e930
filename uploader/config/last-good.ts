import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { Failure } from '../../shared/failure.ts'
import { type Config, loadConfig, readConfigText } from './load.ts'
import { defaultPlaces } from './places.ts'

/** Where the daemon keeps the configuration that its runs go by. */
export function lastGoodIn(state: string): string {
  return join(state, 'run', 'failsafe.yaml')
}

/**
 * The configuration, or where it is wrong now, the last one that was right: for verbs that look, and must do so above all when something is wrong.
 * @throws Failure as `loadConfig`, where there is no such copy
 */
export async function loadLastGood(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<{ config: Config; problem: string | undefined }> {
  try {
    return { config: await loadConfig(named, env, platform), problem: undefined }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'config-invalid') throw error
    const state = await stateNamed(named, env, platform)
    const config = await loadConfig(lastGoodIn(state), env, platform).catch(() => {
      throw error
    })
    return { config, problem: error.line }
  }
}

/** What can be told of the state's place from a file that is wrong. */
async function stateNamed(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<string> {
  const places = defaultPlaces(platform, env)
  const text = await readConfigText(named ?? env.FAILSAFE_CONFIG ?? places.config, platform)
  const dir: unknown = parseDocument(text ?? '').getIn(['state', 'dir'])
  return typeof dir === 'string' ? dir : places.state
}
