import { createHash } from 'node:crypto'

/** Counts and hashes the plain bytes of one artefact while they pass. */
export class Measure {
  readonly #hash = createHash('sha256')
  readonly #onBytes: (bytes: number) => void
  size = 0

  /** @param onBytes told of each chunk's length when it is taken */
  constructor(onBytes: (bytes: number) => void = () => {}) {
    this.#onBytes = onBytes
  }

  async *of(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of plain) {
      this.#hash.update(chunk)
      this.size += chunk.length
      this.#onBytes(chunk.length)
      yield chunk
    }
  }

  /** Base64, once, at the end. */
  sha256(): string {
    return this.#hash.digest('base64')
  }
}
