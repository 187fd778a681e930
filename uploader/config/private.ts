import type { Stats } from 'node:fs'
import { Failure } from '../../shared/failure.ts'

/**
 * Refuses a file that holds secrets and that other accounts of this machine may read or change.
 * Windows keeps rights in ACLs, which the mode bits do not show.
 * @param what how the file is called in the message, e.g. `The password file`
 */
export function requirePrivate(path: string, stats: Stats, what: string, platform: NodeJS.Platform = process.platform) {
  if (platform === 'win32') return
  const mode = stats.mode & 0o777
  if ((mode & 0o077) !== 0)
    throw new Failure('file-not-private', `${what} ${path} can be used by other accounts of this machine`, {
      why: `its mode is ${mode.toString(8).padStart(4, '0')}`,
      fix: `Run: chmod 0600 ${path}`,
    })
}
