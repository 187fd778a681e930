import { dirname } from 'node:path'
import { syncDirectory } from './sync-directory.ts'

/**
 * What is called restored outlasts a power cut with its names: those in `folders`, and those of a directory and the ones above it that were made for it.
 * @param made the topmost one that was made, as `makeDirectory` tells; undefined where the directory was there
 */
export async function syncNames(folders: Iterable<string>, directory: string, made: string | undefined): Promise<void> {
  const all = new Set([directory, ...folders])
  if (made !== undefined)
    for (let path = directory; path !== dirname(made); path = dirname(path)) all.add(dirname(path))
  for (const folder of all)
    await syncDirectory(folder).catch((error: NodeJS.ErrnoException) => {
      // Some file systems of other machines know no such thing, and root alone may read some directories.
      if (!['EINVAL', 'ENOTSUP', 'EACCES'].includes(error.code ?? '')) throw error
    })
}
