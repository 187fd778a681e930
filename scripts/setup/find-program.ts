import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Debian keeps servers in sbin, which is not on every user's PATH. */
const alsoIn = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The full path of an executable, or undefined where there is none. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...alsoIn]
  for (const folder of folders) {
    const path = join(folder, name)
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined
}
