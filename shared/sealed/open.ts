import { decompress } from './decompress.ts'
import { decrypt } from './decrypt.ts'

/**
 * The plain bytes of one sealed artefact. Chunks, given and yielded, are valid until the next one is asked for. Only when this ends without an error is
 * it known that nothing is missing: what it yielded before must not be taken for complete.
 * @throws Failure `sealed-damaged`, `identity-does-not-open`, `identity-invalid`
 */
export function open(sealed: AsyncIterable<Uint8Array>, identities: readonly string[]): AsyncIterable<Uint8Array> {
  return decompress(decrypt(sealed, identities))
}
