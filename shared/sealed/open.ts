import type { Decrypter } from 'age-encryption'
import { openChunk, payloadKey } from './age.ts'
import { Decompressor } from './decompress.ts'
import { decrypt, newDecryptBuffer } from './decrypt.ts'
import { decrypterFor } from './identities.ts'

/** Opens one sealed artefact after the other in the same memory, never two at once. */
export class Opener {
  readonly #decrypter: Decrypter
  readonly #decompressor = new Decompressor()
  readonly #buffer = newDecryptBuffer()

  /** @throws Failure `identity-invalid` */
  constructor(identities: readonly string[]) {
    this.#decrypter = decrypterFor(identities)
  }

  /**
   * The plain bytes of one sealed artefact. Chunks, given and yielded, are valid until the next one is asked for. Only when this ends without an error is
   * it known that nothing is missing: what it yielded before must not be taken for complete.
   * @throws Failure `sealed-damaged`, `identity-does-not-open`
   */
  open(sealed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return this.#decompressor.decompress(decrypt(sealed, this.#decrypter, this.#buffer, { payloadKey, openChunk }))
  }

  close(): void {
    this.#decompressor.close()
  }
}

/** Opens a single one. @throws Failure as `Opener` and its `open` */
export async function* open(
  sealed: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const opener = new Opener(identities)
  try {
    yield* opener.open(sealed)
  } finally {
    opener.close()
  }
}
