import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from './sync-directory.ts'

/** Replaces `path` so that a crash leaves the old content or the new, never half of it. Mode 0600. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    await writeNew(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes a file that must not exist yet (EEXIST otherwise). Mode 0600. On disk when it returns. */
export async function writeNew(path: string, content: string): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'wx', 0o600)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file?.close()
  }
}
