import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { decrypt, newDecryptBuffer } from '../../../../shared/sealed/decrypt.ts'
import { decrypterFor } from '../../../../shared/sealed/identities.ts'
import { chunkNonce, type PayloadCipher } from '../../../../shared/sealed/payload.ts'
import { decompress } from './decompress.ts'
import { discard } from './discard.ts'

/**
 * The plain bytes of one sealed artefact: what `shared/sealed/open.ts` does with Node's own code, with libraries. The chunks that are given are taken, their
 * memory with them; those that come out belong to who reads them. Only when this ends without an error is it known that nothing is missing.
 * @throws Failure `identity-invalid`, `identity-does-not-open`, `sealed-damaged`, and what `sealed` throws
 */
export async function* openSealed(
  sealed: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* decompress(decrypt(discarding(sealed), decrypterFor(identities), newDecryptBuffer(), cipher))
}

/** The age package's own payload code keeps too much garbage at a time. */
const cipher: PayloadCipher<Uint8Array> = {
  payloadKey: (fileKey, nonce) => hkdf(sha256, fileKey, nonce, new TextEncoder().encode('payload'), 32),
  openChunk(key, counter, last, sealed) {
    try {
      return chacha20poly1305(key, chunkNonce(counter, last)).decrypt(sealed)
    } catch {
      return undefined
    }
  },
}

async function* discarding(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    discard(chunk)
  }
}
