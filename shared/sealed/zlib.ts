import type { Transform } from 'node:stream'
import { release } from './release.ts'

/** The part of a zlib stream that its types do not show: bytes it has consumed. */
type Zlib = Transform & { readonly bytesWritten: number }

export const outputSize = 128 * 1024
/** Chunks and not bytes are counted, because a byte stream would join them by copying. */
const streamOptions = { chunkSize: outputSize, readableObjectMode: true, readableHighWaterMark: 4 }

/**
 * Drives `input` through a zlib stream. The next chunk of `input` is asked for when zlib is done with the one before; a chunk of the
 * result is valid until the next is asked for. An error of `input` comes out here.
 */
export async function* readZlib(
  create: (options: typeof streamOptions) => Zlib,
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const zlib = create(streamOptions)
  let offered = 0
  const feed = async () => {
    for await (const chunk of input) {
      if (zlib.destroyed) return
      offered += chunk.length
      await new Promise<void>((resolve, reject) => zlib.write(chunk, error => (error ? reject(error) : resolve())))
    }
    zlib.end()
  }
  // Destroyed with the error, the stream throws it below. Where the reader went away instead, nobody is left to tell.
  feed().catch(error => zlib.destroy(error))
  try {
    for await (const chunk of zlib as AsyncIterable<Buffer>) {
      yield chunk
      if (chunk.byteOffset + chunk.byteLength === outputSize) releaseOutput(chunk)
    }
    if (zlib.bytesWritten !== offered) throw new Error('there is something behind the end of the compressed data')
  } finally {
    zlib.destroy()
  }
}

/** zlib fills one buffer of `outputSize` slice by slice; with the last slice it has let go of it. */
export function releaseOutput({ buffer }: Uint8Array): void {
  if (buffer.byteLength === outputSize) release(new Uint8Array(buffer))
}
