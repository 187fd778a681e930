import { Decompress } from 'fzstd'
import { messageOf } from '../../../../shared/failure.ts'
import { damaged } from '../../../../shared/sealed/damaged.ts'
import { zstdBlocks } from './zstd-blocks.ts'

/**
 * The plain bytes of one zstd frame after another. The decompressor is given block after block, because it has no back-pressure: of a block come 128 KiB at
 * most, of a few kilobytes of blocks of zeros hundreds of megabytes.
 * @throws Failure `sealed-damaged`
 */
export async function* decompress(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = []
  const zstd = new Decompress(chunk => {
    if (chunk.length > 0) ready.push(chunk)
  })
  const push = (piece: Uint8Array, last: boolean) => {
    try {
      zstd.push(piece, last)
    } catch (error) {
      throw damaged(`it does not decompress (${messageOf(error)})`, error)
    }
  }
  for await (const piece of zstdBlocks(compressed)) {
    push(piece, false)
    if (ready.length > 0) yield* ready.splice(0)
  }
  push(new Uint8Array(), true)
  yield* ready.splice(0)
}
