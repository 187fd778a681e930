import type { FileHandle } from 'node:fs/promises'
import { parseEndLine, type ScriptEnd } from './script.ts'

/** A statement of a dump of ours fits, unless a single row is longer. */
export const bufferSize = 1024 * 1024
const pieceSize = 256 * 1024

/**
 * One statement of a file: where it lies, and its bytes. `pieces` can be gone through again as long as no other statement is asked for, and
 * each is valid until the next one.
 */
export interface ScriptStatement {
  /** Counted from 1. */
  number: number
  length: number
  /** Where the file goes on after it. */
  end: number
  /** The text where it is short enough to be in memory. */
  text: Buffer | undefined
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>
}

/** Splits our own scripts (see script.ts) into statements with a fixed buffer, however long a statement is. */
export class ScriptReader {
  readonly #file: FileHandle
  readonly #buffer: Buffer
  /** What is in the buffer: file[offset, offset + length), of which `start` bytes are done. */
  #offset = 0
  #length = 0
  #start = 0
  #ended = false
  #delimiter = Buffer.from(';\n')
  #number = 0

  constructor(file: FileHandle, buffer: Buffer = Buffer.allocUnsafeSlow(bufferSize)) {
    this.#file = file
    this.#buffer = buffer
  }

  async *statements(): AsyncGenerator<ScriptStatement> {
    for (;;) {
      await this.#skipLines()
      if (this.#start === this.#length) return
      yield await this.#statement()
    }
  }

  /** Comments, empty lines and DELIMITER. */
  async #skipLines(): Promise<void> {
    for (;;) {
      if (this.#length - this.#start < 16) await this.#fill()
      const begins = (text: string) =>
        this.#buffer.subarray(this.#start, Math.min(this.#length, this.#start + text.length)).equals(Buffer.from(text))
      const isDelimiter = begins('DELIMITER ')
      if (!isDelimiter && !begins('-- ') && !begins('\n')) return
      const end = await this.#find(Buffer.from('\n'))
      if (end === undefined) throw new Error('a line without an end')
      if (isDelimiter) this.#delimiter = Buffer.from(this.#buffer.subarray(this.#start + 'DELIMITER '.length, end + 1))
      this.#start = end + 1
    }
  }

  async #statement(): Promise<ScriptStatement> {
    const number = ++this.#number
    const at = await this.#find(this.#delimiter)
    if (at !== undefined) {
      const text = this.#buffer.subarray(this.#start, at)
      this.#start = at + this.#delimiter.length
      return { number, length: text.length, end: this.#offset + this.#start, text, pieces: [text] }
    }
    const begin = this.#offset + this.#start
    const end = await this.#findInFile(begin)
    const after = end + this.#delimiter.length
    const pieces = { [Symbol.asyncIterator]: () => this.#readPieces(begin, end) }
    this.#offset = after
    this.#length = 0
    this.#start = 0
    this.#ended = false
    return { number, length: end - begin, end: after, text: undefined, pieces }
  }

  /** Index in the buffer of `needle` behind `start`; reads on as long as there is room. */
  async #find(needle: Buffer): Promise<number | undefined> {
    let from = this.#start
    for (;;) {
      const found = this.#buffer.subarray(0, this.#length).indexOf(needle, from)
      if (found >= 0) return found
      const searched = this.#length - this.#start
      if (!(await this.#fill())) return undefined
      from = this.#start + Math.max(0, searched - needle.length)
    }
  }

  /** Moves what is left to the front and reads on; false where there is no room or nothing left. */
  async #fill(): Promise<boolean> {
    if (this.#ended) return false
    this.#buffer.copyWithin(0, this.#start, this.#length)
    this.#offset += this.#start
    this.#length -= this.#start
    this.#start = 0
    if (this.#length === this.#buffer.length) return false
    const { bytesRead } = await this.#file.read(
      this.#buffer,
      this.#length,
      this.#buffer.length - this.#length,
      this.#offset + this.#length,
    )
    this.#length += bytesRead
    this.#ended = bytesRead === 0
    return bytesRead > 0
  }

  async #findInFile(begin: number): Promise<number> {
    const overlap = this.#delimiter.length - 1
    const piece = Buffer.allocUnsafeSlow(pieceSize)
    for (let at = begin; ; ) {
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, at)
      const found = piece.subarray(0, bytesRead).indexOf(this.#delimiter)
      if (found >= 0) return at + found
      if (bytesRead < piece.length) throw new Error('a statement without an end')
      at += bytesRead - overlap
    }
  }

  async *#readPieces(begin: number, end: number): AsyncGenerator<Buffer, void, void> {
    const piece = Buffer.allocUnsafeSlow(pieceSize)
    for (let at = begin; at < end; ) {
      const { bytesRead } = await this.#file.read(piece, 0, Math.min(piece.length, end - at), at)
      if (bytesRead === 0) throw new Error('the file became shorter')
      at += bytesRead
      yield piece.subarray(0, bytesRead)
    }
  }
}

/** What the last line of a script says; undefined where the script was cut off. */
export async function readScriptEnd(file: FileHandle): Promise<ScriptEnd | undefined> {
  const { size } = await file.stat()
  const length = Math.min(size, 256)
  const tail = Buffer.alloc(length)
  await file.read(tail, 0, length, size - length)
  const lastLine = tail.subarray(tail.lastIndexOf('\n', length - 2) + 1)
  return parseEndLine(lastLine.toString())
}
