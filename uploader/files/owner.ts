import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Whom a file or directory belongs to (one that is not there: its directory), where root is at work in what is somebody else's: what root makes there shall
 * be of use to its owner, the account of the service, whose state an administrator's command may change.
 */
export async function otherOwnerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(path).catch(error => {
    if (error.code !== 'ENOENT') throw error
    return stat(dirname(path))
  })
  return uid === 0 ? undefined : { uid, gid }
}
