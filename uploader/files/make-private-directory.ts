import { protect } from './acl/icacls.ts'
import { makeDirectory } from './make-directory.ts'

/**
 * Makes a directory, and those above it, for its owner alone: 0700, on Windows an ACL of SYSTEM and the Administrators, which what is made in it inherits.
 * One that is there already stays as it is.
 */
export async function makePrivateDirectory(path: string, platform: NodeJS.Platform): Promise<void> {
  const made = await makeDirectory(path, 0o700)
  if (made !== undefined && platform === 'win32') await protect(made)
}
