import { join, toNamespacedPath } from 'node:path'

/**
 * A path of Windows as this process opens it. On Windows also beyond 260 characters. On another system the drives are directories below FAILSAFE_DRIVES, one for each
 * letter and one, UNC, for the servers of shares: so it is where the programs of Windows are stood in for.
 */
export function localPath(path: string): string {
  if (process.platform === 'win32') return toNamespacedPath(path)
  const [, drive, rest = ''] = /^([A-Za-z]|\\)[:\\](.*)$/s.exec(path) ?? []
  const drives = process.env.FAILSAFE_DRIVES
  if (drive === undefined || drives === undefined) return path
  return join(drives, drive === '\\' ? 'UNC' : drive.toUpperCase(), ...rest.split('\\'))
}
