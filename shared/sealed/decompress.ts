import { createZstdDecompress } from 'node:zlib'
import { Failure, messageOf } from '../failure.ts'
import { damaged } from './damaged.ts'
import { readZlib } from './zlib.ts'

/** The plain bytes of zstd frames, each chunk valid until the next is asked for. @throws Failure `sealed-damaged` */
export async function* decompress(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* readZlib(options => createZstdDecompress(options), compressed)
  } catch (error) {
    throw error instanceof Failure ? error : damaged(`it does not decompress (${messageOf(error)})`, error)
  }
}
