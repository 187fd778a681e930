import type { Decrypter } from 'age-encryption'
import { Decompress } from 'fzstd'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { damaged, headerFailure } from '../../../../shared/sealed/damaged.ts'
import { decrypterFor } from '../../../../shared/sealed/identities.ts'
import { chunksOf, streamOf } from './chunks.ts'

/**
 * Compressed bytes that are given to the decompressor at once. It has no back-pressure, and a block of zeros is 4 bytes that become 128 KiB: of so many bytes
 * it makes 16 MiB at most.
 */
const pieceSize = 512

/**
 * The plain bytes of one sealed artefact: what `shared/sealed/open.ts` does with Node's own code, without it. The chunks that are given must stay as they are;
 * those that come out belong to who takes them. Only when this ends without an error is it known that nothing is missing.
 * @throws Failure `identity-invalid`, `identity-does-not-open`, `sealed-damaged`, and what `sealed` throws
 */
export async function* openSealed(
  sealed: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* decompressed(decrypted(sealed, decrypterFor(identities)))
}

async function* decrypted(
  sealed: AsyncIterable<Uint8Array>,
  decrypter: Decrypter,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = sealed[Symbol.asyncIterator]()
  try {
    const input = streamOf({ [Symbol.asyncIterator]: () => source })
    const plain = await decrypter.decrypt(input).catch(cause => {
      throw cause instanceof Failure ? cause : headerFailure(cause)
    })
    yield* chunksOf(plain)
  } catch (error) {
    throw error instanceof Failure ? error : damaged('a chunk of its payload is not what was sealed', error)
  } finally {
    // The package keeps its input locked where the header is not valid.
    await source.return?.()
  }
}

/** One zstd frame after another. */
async function* decompressed(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
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
  let empty = true
  for await (const chunk of compressed) {
    for (let at = 0; at < chunk.length; at += pieceSize) {
      empty = false
      push(chunk.subarray(at, at + pieceSize), false)
      if (ready.length > 0) yield* ready.splice(0)
    }
  }
  if (empty) throw damaged('it is empty')
  push(new Uint8Array(), true)
  yield* ready.splice(0)
}
