import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * A file that lines are appended to, and that makes room when it is full: `name` becomes `name.1`, that one `name.2`, and the last goes. Each line is
 * written when `append` returns, and the file is opened anew for each: it is one every few minutes, and somebody else may have moved or removed it.
 */
export class RotatingFile {
  readonly path: string
  readonly #maxBytes: number
  readonly #keep: number

  /** @param keep files in all, the present one too */
  constructor(path: string, { maxBytes, keep }: { maxBytes: number; keep: number }) {
    this.path = path
    this.#maxBytes = maxBytes
    this.#keep = keep
  }

  /** @throws what the file system says */
  append(line: string): void {
    const text = `${line}\n`
    const size = sizeOf(this.path)
    if (size === undefined) mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    else if (size > 0 && size + Buffer.byteLength(text) > this.#maxBytes) this.#rotate()
    appendFileSync(this.path, text, { mode: 0o600 })
    if (size === undefined) chmodSync(this.path, 0o600)
  }

  /** From the oldest on, so that one who dies in between has lost none but the last. */
  #rotate(): void {
    for (let n = this.#keep - 1; n >= 1; n--) {
      const from = n === 1 ? this.path : `${this.path}.${n - 1}`
      if (sizeOf(from) !== undefined) renameSync(from, `${this.path}.${n}`)
    }
    if (this.#keep === 1) rmSync(this.path)
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}
