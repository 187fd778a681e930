import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a version's bytes lie. */
export interface Piece {
  file: string
  size: number
}

/** The files that hold bodies. A file is written once and belongs to one part or one version. */
export class Files {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** @param directory made if it is missing; nobody else writes there */
  static async open(directory: string): Promise<Files> {
    for (let index = 0; index < 256; index++)
      await mkdir(join(directory, index.toString(16).padStart(2, '0')), { recursive: true })
    return new Files(directory)
  }

  async create(): Promise<{ file: string; handle: FileHandle }> {
    const file = randomBytes(16).toString('hex')
    return { file, handle: await open(this.#path(file), 'wx') }
  }

  async remove(files: Iterable<string>): Promise<void> {
    for (const file of files) await rm(this.#path(file), { force: true })
  }

  /** Removes what a killed process left behind: files that nothing refers to. */
  async sweep(isReferred: (file: string) => boolean): Promise<void> {
    for (const folder of await readdir(this.#directory))
      for (const file of await readdir(join(this.#directory, folder))) if (!isReferred(file)) await this.remove([file])
  }

  /** Bytes `start` to `end` (both inclusive) of pieces laid end to end. */
  async *read(pieces: Piece[], start: number, end: number): AsyncGenerator<Uint8Array> {
    let offset = 0
    for (const { file, size } of pieces) {
      const from = Math.max(start - offset, 0)
      const to = Math.min(end - offset, size - 1)
      offset += size
      if (from > to) continue
      yield* createReadStream(this.#path(file), { start: from, end: to, highWaterMark: 1 << 20 })
    }
  }

  #path(file: string): string {
    return join(this.#directory, file.slice(0, 2), file)
  }
}
