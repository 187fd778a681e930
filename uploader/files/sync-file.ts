import { open } from 'node:fs/promises'

/** What was written into a file, by whomever, is on disk when it returns. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only what may be written.
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
