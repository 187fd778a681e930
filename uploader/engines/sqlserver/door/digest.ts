import { createHash } from 'node:crypto'
import { Refused } from './refused.ts'

/** What the head of a request says of its body. */
export interface Claimed {
  /** Bytes. */
  size: number
  /** Hex, as it was signed; undefined where the signature leaves the body out. */
  sha256: string | undefined
  /** Base64, of `Content-MD5`. */
  md5: string | undefined
}

/** Compares a body with what was claimed of it, while it passes. */
export class Digest {
  readonly #claimed: Claimed
  readonly #sha256 = createHash('sha256')
  readonly #md5 = createHash('md5')
  #size = 0

  constructor(claimed: Claimed) {
    this.#claimed = claimed
  }

  async *of(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const signed = this.#claimed.sha256 !== undefined
    for await (const chunk of body) {
      if (signed) this.#sha256.update(chunk)
      this.#md5.update(chunk)
      this.#size += chunk.length
      yield chunk
    }
  }

  /** Once, when all of it has passed. @returns its ETag without quotes. @throws Refused */
  end(): string {
    const { size, sha256, md5 } = this.#claimed
    const sum = this.#md5.digest()
    if (this.#size !== size) throw new Refused('IncompleteBody', `${this.#size} of ${size} bytes came`)
    if (md5 !== undefined && md5 !== sum.toString('base64'))
      throw new Refused('BadDigest', 'The body is not what Content-MD5 says')
    if (sha256 !== undefined && sha256 !== this.#sha256.digest('hex'))
      throw new Refused('XAmzContentSHA256Mismatch', 'The body is not what x-amz-content-sha256 says')
    return sum.toString('hex')
  }
}
