import { release } from './release.ts'

const outputSize = 128 * 1024
/** Chunks and not bytes are counted, because a byte stream would join them by copying. */
export const streamOptions = { chunkSize: outputSize, readableObjectMode: true, readableHighWaterMark: 4 }

/** zlib fills one buffer of `outputSize` slice by slice; with the last slice it has let go of it. */
export function releaseOutput(chunk: Uint8Array): void {
  if (chunk.byteOffset + chunk.byteLength === outputSize && chunk.buffer.byteLength === outputSize)
    release(new Uint8Array(chunk.buffer))
}

/** A call that tells by a callback how it went. */
export function told(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call(error => (error ? reject(error) : resolve())))
}
