import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that lie in the staging directory now. Files come and go while it looks: those that are gone count nothing. */
export async function stagingUse(directory: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(gone(() => []))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) bytes += await stagingUse(path)
    else
      bytes += await lstat(path).then(
        ({ size }) => size,
        gone(() => 0),
      )
  }
  return bytes
}

function gone<T>(instead: () => T): (error: NodeJS.ErrnoException) => T {
  return error => {
    if (error.code === 'ENOENT') return instead()
    throw error
  }
}
