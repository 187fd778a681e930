import { type FileHandle, open } from 'node:fs/promises'
import { fill } from './ese/read.ts'
import { fileChanged } from './ese/read-pages.ts'
import { localPath } from './windows/local-path.ts'

const blockSize = 1024 * 1024

/**
 * A whole file that must have `size` bytes. A chunk is valid until the next is asked for.
 * @param opened for a file that is not opened at once
 * @throws Failure `exchange-file-changed`
 */
export async function* readWhole(
  { path, size }: { path: string; size: number },
  opened: () => Promise<FileHandle> = () => open(localPath(path)),
): AsyncGenerator<Buffer, void, undefined> {
  const file = await opened()
  const block = Buffer.allocUnsafeSlow(Math.min(blockSize, Math.max(size, 1)))
  let position = 0
  try {
    for (;;) {
      const chunk = await fill(file, block, position)
      if (chunk.length === 0) break
      position += chunk.length
      yield chunk
    }
  } finally {
    await file.close()
  }
  if (position !== size) throw fileChanged(path, size, position)
}
