import type { Stats } from 'node:fs'
import { Failure, messageOf } from '../../shared/failure.ts'
import { grantedToOthers } from '../files/acl/grants.ts'
import { readDescriptor } from '../files/acl/icacls.ts'

/**
 * Refuses a file that holds secrets and that other accounts of this machine may read or change: by its mode, on Windows by its ACL, which may name
 * SYSTEM and the Administrators and nobody else.
 * @param what how the file is called in the message, e.g. `The password file`
 */
export async function requirePrivate(
  path: string,
  stats: Stats,
  what: string,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (platform === 'win32') return requirePrivateAcl(path, what)
  const mode = stats.mode & 0o777
  if ((mode & 0o077) !== 0)
    throw new Failure('file-not-private', `${what} ${path} can be used by other accounts of this machine`, {
      why: `its mode is ${mode.toString(8).padStart(4, '0')}`,
      fix: `Run: chmod 0600 ${path}`,
    })
}

async function requirePrivateAcl(path: string, what: string): Promise<void> {
  const descriptor = await readDescriptor(path).catch(cause => {
    throw new Failure('file-not-private', `It cannot be found out who may use ${what.toLowerCase()} ${path}`, {
      why: messageOf(cause),
      fix: 'Run failsafe as an administrator',
      cause,
    })
  })
  const others = grantedToOthers(descriptor)
  if (others.length > 0)
    throw new Failure('file-not-private', `${what} ${path} can be used by other accounts of this machine`, {
      why: `its ACL names ${[...new Set(others)].join(', ')} beside SYSTEM and the Administrators`,
      fix: `Run: icacls "${path}" /inheritance:r /grant:r *S-1-5-18:F /grant:r *S-1-5-32-544:F`,
    })
}
