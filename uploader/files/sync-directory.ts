import { open } from 'node:fs/promises'

/** Names that were made or removed in a directory are on disk when it returns. Windows cannot open a directory; its file systems journal the names themselves. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
