import { lchown, mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { otherOwnerOf } from './owner.ts'

/**
 * Makes a directory and those above it, as `mkdir -p` does. Node's own `recursive` never returns below a directory that
 * answers ENOENT to everything, as /proc does.
 * @returns the topmost one that was made, or undefined where it was there already
 */
export async function makeDirectory(path: string, mode?: number): Promise<string | undefined> {
  const absolute = resolve(path)
  if (await isDirectory(absolute)) return undefined
  const above = dirname(absolute)
  const topmost = above === absolute ? undefined : await makeDirectory(above, mode)
  try {
    await mkdir(absolute, mode)
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isDirectory(absolute))) return topmost
    throw error
  }
  const owner = await otherOwnerOf(above)
  // Whoever owns the directory above may have put a link in its place: that is not followed.
  if (owner) await lchown(absolute, owner.uid, owner.gid)
  return topmost ?? absolute
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw error
  }
}
