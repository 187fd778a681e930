import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stagingFailure } from './failures.ts'

/** Whether the first `size` bytes of a file are those that `digest` is the SHA-256 of. A file that is not there has none. */
export async function holds(path: string, size: number, digest: Buffer): Promise<boolean> {
  const hash = createHash('sha256')
  let found = 0
  try {
    for await (const piece of createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>) {
      hash.update(piece)
      found += piece.length
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw stagingFailure(error, path)
  }
  return found === size && hash.digest().equals(digest)
}
