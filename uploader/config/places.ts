import { win32 } from 'node:path'

/** Where things lie when nothing else is said, by platform. */
export function defaultPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv) {
  if (platform !== 'win32') return { config: '/etc/failsafe/failsafe.yaml', state: '/var/lib/failsafe' }
  const base = win32.join(env.ProgramData ?? 'C:\\ProgramData', 'FailSafe')
  return { config: win32.join(base, 'failsafe.yaml'), state: base }
}
