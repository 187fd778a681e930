import { promisify } from 'node:util'
import { crc32, deflateRaw } from 'node:zlib'
import type { BackupSet } from '../model/backup-set.ts'
import type { Commit } from '../model/database.ts'
import { blockSize, type Kind, writeDescriptor } from './descriptor.ts'
import { encode } from './media.ts'
import type { Sink } from './medium.ts'
import { padding } from './padding.ts'
import { type StreamId, streamHeaderSize, writeStreamHeader } from './stream.ts'

const deflate = promisify(deflateRaw)
/** Commits in one stream. */
const batch = 10_000

/** Writes one backup set, block by block, so that what is in memory does not grow with it. */
export class SetWriter {
  readonly #file: Sink
  readonly #checksums: boolean
  readonly #compressed: boolean
  #at: number
  /** Bytes before compression. */
  #plain = 0

  /** @param at where the set begins: 0 writes the media's header first */
  constructor(file: Sink, at: number, options: { checksums: boolean; compressed: boolean }) {
    this.#file = file
    this.#at = at
    this.#checksums = options.checksums
    this.#compressed = options.compressed
  }

  get at(): number {
    return this.#at
  }

  get plain(): number {
    return this.#plain
  }

  async begin(mediaName: string, name: string, description: string): Promise<void> {
    if (this.#at === 0) {
      await this.#block('TAPE', [mediaName, 'Microsoft SQL Server'])
      await this.#block('SFMB')
    }
    await this.#block('SSET', [name, description])
    await this.#block('VOLB')
  }

  /** @param progress is told of every piece that is on the disk, in bytes; when it throws, the file stays as it is */
  async pages(bytes: number, progress: (written: number) => Promise<void>): Promise<void> {
    if (bytes === 0) return
    await this.#descriptor('MSDA', [])
    let written = 0
    for (const piece of padding(bytes)) {
      await this.#data('MQDA', piece)
      written += piece.length
      await progress(written)
    }
    await this.#pad()
  }

  async log(commits: Commit[]): Promise<void> {
    await this.#descriptor('MSLS', [])
    for (let at = 0; at < commits.length; at += batch) {
      await this.#data('MQTL', encode(commits.slice(at, at + batch)))
    }
    await this.#pad()
  }

  /** The set's header comes last: only now its sizes and its last LSN are known. */
  async end(set: BackupSet): Promise<void> {
    await this.#descriptor('MSCI', [])
    await this.#data('MQCI', encode(set))
    await this.#pad()
    await this.#block('ESET')
    await this.#block('SFMB')
  }

  async #block(kind: Kind, strings: string[] = []): Promise<void> {
    await this.#descriptor(kind, strings)
    await this.#pad()
  }

  async #descriptor(kind: Kind, strings: string[]): Promise<void> {
    await this.#write(writeDescriptor(kind, this.#at / blockSize, strings))
  }

  async #data(id: StreamId, data: Buffer): Promise<void> {
    this.#plain += data.length
    const stored = this.#compressed ? await deflate(data, { level: 1 }) : data
    await this.#stream(id, stored, this.#compressed)
    if (!this.#checksums) return
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(stored))
    await this.#stream('CSUM', sum, false)
  }

  async #stream(id: StreamId, data: Buffer, compressed: boolean): Promise<void> {
    await this.#write(writeStreamHeader({ id, length: data.length, compressed }))
    await this.#write(data)
    await this.#write(Buffer.alloc(-this.#at & 3))
  }

  /** Fills the block up, so that the next descriptor lies on a block's beginning. */
  async #pad(): Promise<void> {
    const rest = blockSize - (this.#at % blockSize)
    const length = rest < streamHeaderSize ? rest + blockSize - streamHeaderSize : rest - streamHeaderSize
    await this.#write(writeStreamHeader({ id: 'SPAD', length, compressed: false }))
    await this.#write(Buffer.alloc(length))
  }

  async #write(data: Buffer): Promise<void> {
    if (data.length === 0) return
    await this.#file.write(data, 0, data.length, this.#at)
    this.#at += data.length
  }
}
