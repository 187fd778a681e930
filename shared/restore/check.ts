import { Failure } from '../failure.ts'

/** A SHA-256 that grows with its content: of Node in the uploader, of a library in a browser, whose own takes only what is in memory as a whole. */
export interface Sha256Hash {
  update(bytes: Uint8Array): unknown
  /** Once, at the end. */
  base64(): string
}

/**
 * Passes bytes through and proves at the end that they were the expected ones. Stops as soon as there are too many, so that a
 * small sealed file cannot fill a disk.
 * @param expected `sha256` in base64; `size` in bytes where it is known
 * @throws Failure `content-mismatch`
 */
export async function* checked(
  plain: AsyncIterable<Uint8Array>,
  expected: { size?: number; sha256: string },
  hash: Sha256Hash,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0
  for await (const chunk of plain) {
    size += chunk.length
    if (expected.size !== undefined && size > expected.size) throw mismatch(`it is longer than ${expected.size} bytes`)
    hash.update(chunk)
    yield chunk
  }
  if (expected.size !== undefined && size !== expected.size)
    throw mismatch(`it has ${size} bytes instead of ${expected.size}`)
  if (hash.base64() !== expected.sha256) throw mismatch('its content is not what was backed up (SHA-256 differs)')
}

function mismatch(why: string): Failure {
  return new Failure('content-mismatch', 'The content is not the expected one', { why })
}
