import { OraError } from '../ora.ts'
import type { Blob } from '../value.ts'

/** Temporary BLOBs of a session. */
export class Blobs {
  readonly #contents = new Map<number, Buffer>()
  #last = 0

  create(): Blob {
    this.#contents.set(++this.#last, Buffer.alloc(0))
    return { blob: this.#last, length: 0 }
  }

  /** How many there are; more and more where a client frees none. */
  get count(): number {
    return this.#contents.size
  }

  /** Writes over what lies there, or behind it. @param offset from 1. @returns the BLOB with its new length */
  write({ blob }: Pick<Blob, 'blob'>, offset: number, bytes: Buffer): Blob {
    const before = this.#content(blob)
    const after = Buffer.alloc(Math.max(before.length, offset - 1 + bytes.length))
    before.copy(after)
    bytes.copy(after, offset - 1)
    this.#contents.set(blob, after)
    return { blob, length: after.length }
  }

  read(blob: number, offset: number, amount: number): Buffer {
    return this.#content(blob).subarray(offset - 1, offset - 1 + amount)
  }

  length(blob: number): number {
    return this.#content(blob).length
  }

  free(blobs: number[]): void {
    for (const blob of blobs) this.#contents.delete(blob)
  }

  #content(blob: number): Buffer {
    const content = this.#contents.get(blob)
    if (!content) throw new OraError(22922, 'nonexistent LOB value')
    return content
  }
}
