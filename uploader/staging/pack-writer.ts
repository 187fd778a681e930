import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Extent } from '../../shared/manifest.ts'
import { faultPoint } from '../fault-point.ts'
import { writeAll } from '../files/write-all.ts'
import type { Budget } from './budget.ts'
import type { RunDirectory } from './directory.ts'
import { stagingFailure } from './failures.ts'
import type { Unsynced } from './unsynced.ts'

/** A part file that is complete. `digest` is the SHA-256 of its bytes. */
export interface StagedPart {
  pack: number
  number: number
  size: number
  digest: Buffer
  path: string
}

export interface PackWriterOptions {
  directory: RunDirectory
  budget: Budget
  partSize: number
  partsPerPack: number
  /** The number of the next pack of this snapshot, from 1. All writers of a run share it. */
  nextPack(): number
  /** Told of each part before `onPart` is. */
  unsynced: Unsynced
  /** A part is complete. Called in the order of the parts; writing the next part does not wait for this. */
  onPart(part: StagedPart): Promise<void>
  /** No part will follow in `pack`. Its last parts may still be on their way to `onPart`. */
  onPackEnd(pack: number, parts: number): void
  signal: AbortSignal
}

/**
 * Lays sealed bytes end to end into packs of its own, in part files of exactly `partSize` (the last of a pack is smaller). One worker,
 * one writer: artefacts of different workers never interleave.
 *
 *   pack 1: [part 1][part 2]…[part 1000]   pack 4: [part 1]…
 *            └ artefact A ┘└ artefact B … goes on in pack 4 ┘
 */
export class PackWriter {
  readonly #options: PackWriterOptions
  #pack: { n: number; parts: number; size: number } | undefined
  #part: { number: number; size: number; file: FileHandle; path: string; hash: Hash } | undefined
  #extents: Extent[] = []
  /** Settled when every part that was finished is announced. Never rejects. */
  #announced: Promise<void> = Promise.resolve()
  #failure: { error: unknown } | undefined

  constructor(options: PackWriterOptions) {
    this.#options = options
  }

  /** Appends sealed bytes; they may be used again once this resolves. Waits while the budget is used up. */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0
    while (at < bytes.length) {
      if (this.#failure) throw this.#failure.error
      const part = this.#part ?? (await this.#begin())
      const piece = bytes.subarray(at, at + this.#options.partSize - part.size)
      // The disk and the hash work at the same time.
      const written = writeAll(part.file, piece, part.size)
      part.hash.update(piece)
      await written.catch(error => {
        throw stagingFailure(error, this.#options.directory.path)
      })
      this.#advance(piece.length)
      at += piece.length
      if (part.size === this.#options.partSize) this.#finish()
    }
  }

  /** Where the bytes since the last call lie. */
  takeExtents(): Extent[] {
    return this.#extents.splice(0)
  }

  /** Ends the pack, if there is one, and waits until its parts are announced. */
  async end(): Promise<void> {
    if (this.#part) this.#finish()
    this.#endPack()
    await this.#settle()
  }

  /**
   * Waits until all that was written so far is on disk and its finished parts are announced.
   * @returns what there is of the unfinished part: its file, up to `size`, may be read again after a crash
   */
  async flush(): Promise<Omit<StagedPart, 'path'> | undefined> {
    const part = this.#part
    const tail = part && {
      pack: this.#pack!.n,
      number: part.number,
      size: part.size,
      digest: part.hash.copy().digest(),
    }
    await part?.file.datasync().catch(error => {
      throw stagingFailure(error, this.#options.directory.path)
    })
    await this.#settle()
    await this.#options.unsynced.sync()
    return tail
  }

  /** Lets go of the files of a run that failed. */
  async discard(): Promise<void> {
    await this.#announced
    await this.#part?.file.close()
    this.#part = undefined
  }

  async #begin() {
    const { directory, budget, partsPerPack, nextPack, signal } = this.#options
    if (this.#pack?.parts === partsPerPack) this.#endPack()
    await budget.acquire(signal)
    this.#pack ??= { n: nextPack(), parts: 0, size: 0 }
    this.#pack.parts += 1
    const path = directory.part(this.#pack.n, this.#pack.parts)
    const file = await open(path, 'wx', 0o600).catch(error => {
      throw stagingFailure(error, directory.path)
    })
    this.#part = { number: this.#pack.parts, size: 0, file, path, hash: createHash('sha256') }
    return this.#part
  }

  #advance(length: number): void {
    const pack = this.#pack!
    const last = this.#extents.at(-1)
    if (last?.pack === pack.n && last.offset + last.length === pack.size) last.length += length
    else this.#extents.push({ pack: pack.n, offset: pack.size, length })
    pack.size += length
    this.#part!.size += length
  }

  #finish(): void {
    const { number, size, file, path, hash } = this.#part!
    const pack = this.#pack!.n
    this.#part = undefined
    const before = this.#announced
    this.#announced = closed(file, this.#options.directory)
      .then(() => before)
      .then(() => {
        if (this.#failure) return
        faultPoint('part-written')
        this.#options.unsynced.add(path)
        return this.#options.onPart({ pack, number, size, digest: hash.digest(), path })
      })
      .catch(error => {
        this.#failure ??= { error }
        return before
      })
  }

  async #settle(): Promise<void> {
    await this.#announced
    if (this.#failure) throw this.#failure.error
  }

  #endPack(): void {
    if (this.#pack) this.#options.onPackEnd(this.#pack.n, this.#pack.parts)
    this.#pack = undefined
  }
}

async function closed(file: FileHandle, { path }: RunDirectory): Promise<void> {
  try {
    await file.close()
  } catch (error) {
    throw stagingFailure(error, path)
  }
}
