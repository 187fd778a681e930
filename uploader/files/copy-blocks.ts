import { open } from 'node:fs/promises'
import { readBlocks } from './read-blocks.ts'
import { writeAll } from './write-all.ts'

const blockSize = 1024 * 1024

/**
 * Copies into a file that must not exist yet (EEXIST otherwise). On disk when it returns; where it fails or is stopped, half of it may be there.
 * @param onCopied called with the bytes of each block
 */
export async function copyBlocks(
  from: string,
  to: string,
  { signal, onCopied }: { signal: AbortSignal; onCopied(bytes: number): void },
): Promise<void> {
  const source = await open(from)
  try {
    const copy = await open(to, 'wx')
    try {
      for await (const block of readBlocks(source, Buffer.allocUnsafeSlow(blockSize))) {
        signal.throwIfAborted()
        await writeAll(copy, block)
        onCopied(block.length)
      }
      await copy.datasync()
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}
