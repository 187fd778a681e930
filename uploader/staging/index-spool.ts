import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import type { IndexLine } from '../../shared/manifest.ts'
import { stagingFailure } from './failures.ts'
import { writeAll } from './write-all.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

interface Entry {
  order: number
  line: IndexLine
}
interface Block {
  offset: number
  length: number
  tag: Buffer
  nonce: Buffer
}

/** Lines kept in memory before they are sorted and spilled; about 4 MiB of them. */
const linesInMemory = 10_000
const linesInBlock = 250

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
  #lines: Entry[] = []
  #stretches: Block[][] = []
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
    const memory = this.#lines.sort(compare)
    const cursors = [...this.#stretches.map(stretch => this.#read(stretch)), stretchOf(memory)]
    const heads: { entry: Entry; rest: AsyncIterator<Entry> }[] = []
    for (const rest of cursors) {
      const { done, value } = await rest.next()
      if (!done) heads.push({ entry: value, rest })
    }
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
      const blocks: Block[] = []
      for (let at = 0; at < stretch.length; at += linesInBlock) {
        const plain = await compress(JSON.stringify(stretch.slice(at, at + linesInBlock)))
        const nonce = randomBytes(12)
        const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
        const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
        await this.#grow(this.#size + sealed.length)
        await writeAll(this.#file, sealed, this.#size)
        blocks.push({ offset: this.#size, length: sealed.length, nonce, tag: cipher.getAuthTag() })
        this.#size += sealed.length
      }
      this.#stretches.push(blocks)
    } catch (error) {
      throw stagingFailure(error, this.#path)
    }
  }

  async *#read(stretch: Block[]): AsyncGenerator<Entry, void, undefined> {
    for (const { offset, length, nonce, tag } of stretch) {
      const sealed = Buffer.alloc(length)
      await this.#file!.read(sealed, 0, length, offset)
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce).setAuthTag(tag)
      const plain = await decompress(Buffer.concat([decipher.update(sealed), decipher.final()]))
      yield* JSON.parse(plain.toString()) as Entry[]
    }
  }
}

async function* stretchOf(entries: Entry[]): AsyncGenerator<Entry, void, undefined> {
  yield* entries
}

const compare = (a: Entry, b: Entry) => a.order - b.order || (a.line.name < b.line.name ? -1 : 1)
