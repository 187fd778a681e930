import type { FileHandle } from 'node:fs/promises'

/** An open file to its end, `block` by `block`. A chunk is valid until the next is asked for. */
export async function* readBlocks(file: FileHandle, block: Buffer): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(block, 0, block.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield block.subarray(0, bytesRead)
  }
}
