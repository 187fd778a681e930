import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { IndexLine } from '../../shared/manifest.ts'
import { packText, unpackText } from '../files/pack-text.ts'
import { writeAll } from '../files/write-all.ts'
import { stagingFailure } from './failures.ts'

interface Entry {
  order: number
  line: IndexLine
}
/** Sorted; it lies in the file block behind block. */
interface Stretch {
  /** Its first line is kept, so that it need not be read before its turn comes. */
  least: Entry
  offset: number
  /** Number of its first block in the file. */
  first: number
  /** Bytes of each block, its tag with it. */
  lengths: Uint32Array
}

/**
 * Lines kept in memory before they are sorted and spilled; about 2 MiB of them. When stretches are merged, a block is in memory of each that is read. They are
 * few where artefacts ended about in their order: that of a large snapshot is short-lived then, and the heap does not grow for it.
 */
const linesInMemory = 2500
const linesInBlock = 50
const tagSize = 16

/**
 * Collects the lines of an index in any order and gives them back in theirs. A long index goes through a file, sorted in stretches that are
 * merged when they are read. Names are secret: the file is sealed with a key that never leaves this process's memory.
 */
export class IndexSpool {
  readonly #path: string
  readonly #grow: (size: number) => Promise<void>
  readonly #key = randomBytes(32)
  #file: FileHandle | undefined
  #size = 0
  #blocks = 0
  #lines: Entry[] = []
  #stretches: Stretch[] = []
  #adding: Promise<void> = Promise.resolve()

  /** @param grow is asked before the file gets as large as `size` */
  constructor(path: string, grow: (size: number) => Promise<void>) {
    this.#path = path
    this.#grow = grow
  }

  add(order: number, line: IndexLine): Promise<void> {
    this.#lines.push({ order, line })
    if (this.#lines.length >= linesInMemory) {
      const stretch = this.#lines.splice(0).sort(compare)
      this.#adding = this.#adding.then(() => this.#spill(stretch))
    }
    return this.#adding
  }

  /** By `order`, then by name. Once, after the last `add`. */
  async *lines(): AsyncGenerator<IndexLine, void, undefined> {
    await this.#adding
    const heads: { entry: Entry; rest: AsyncIterator<Entry> }[] = this.#stretches.map(stretch => ({
      entry: stretch.least,
      rest: this.#behindLeast(stretch),
    }))
    const [least, ...rest] = this.#lines.sort(compare)
    if (least) heads.push({ entry: least, rest: stretchOf(rest) })
    heads.sort((a, b) => compare(a.entry, b.entry))
    for (let head = heads.shift(); head; head = heads.shift()) {
      yield head.entry.line
      const { done, value } = await head.rest.next()
      if (done) continue
      head.entry = value
      const at = heads.findIndex(other => compare(value, other.entry) < 0)
      heads.splice(at < 0 ? heads.length : at, 0, head)
    }
  }

  async close(): Promise<void> {
    await this.#adding.catch(() => {})
    await this.#file?.close()
    this.#file = undefined
  }

  async #spill(stretch: Entry[]): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'wx+', 0o600)
      const [offset, first] = [this.#size, this.#blocks]
      const lengths = new Uint32Array(Math.ceil(stretch.length / linesInBlock))
      for (let n = 0; n < lengths.length; n++) {
        const lines = stretch.slice(n * linesInBlock, (n + 1) * linesInBlock)
        const plain = packText(JSON.stringify(lines))
        const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#blocks++))
        const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
        await this.#grow(this.#size + sealed.length)
        await writeAll(this.#file, sealed, this.#size)
        lengths[n] = sealed.length
        this.#size += sealed.length
      }
      this.#stretches.push({ least: stretch[0]!, offset, first, lengths })
    } catch (error) {
      throw stagingFailure(error, this.#path)
    }
  }

  async *#behindLeast({ offset, first, lengths }: Stretch): AsyncGenerator<Entry, void, undefined> {
    let at = offset
    for (const [n, length] of lengths.entries()) {
      const sealed = Buffer.alloc(length)
      await this.#file!.read(sealed, 0, length, at)
      at += length
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(first + n))
      decipher.setAuthTag(sealed.subarray(length - tagSize))
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, length - tagSize)), decipher.final()])
      yield* (JSON.parse(unpackText(plain)) as Entry[]).slice(n === 0 ? 1 : 0)
    }
  }
}

/** The key is this file's alone, and each block has a number of its own. */
function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(block, 8)
  return nonce
}

async function* stretchOf(entries: Entry[]): AsyncGenerator<Entry, void, undefined> {
  yield* entries
}

const compare = (a: Entry, b: Entry) => a.order - b.order || (a.line.name < b.line.name ? -1 : 1)
