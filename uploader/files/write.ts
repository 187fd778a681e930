import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { otherOwnerOf } from './owner.ts'
import { syncDirectory } from './sync-directory.ts'

/** Replaces `path` so that a crash leaves the old content or the new, never half of it. Mode 0600. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    await writeNew(temporary, content, path)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Makes a file that must not exist yet (EEXIST otherwise). Mode 0600. On disk when it returns.
 * @param like another file, if it is there, whose owner it is for; else it is for the owner of its directory
 */
export async function writeNew(path: string, content: string, like = path): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'wx', 0o600)
    const owner = await otherOwnerOf(like === path ? dirname(path) : like)
    if (owner) await file.chown(owner.uid, owner.gid)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file?.close()
  }
}
