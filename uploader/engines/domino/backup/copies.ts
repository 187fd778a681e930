import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { readBlocks } from '../../../files/read-blocks.ts'

const blockSize = 1024 * 1024

/** The directory that copies of databases lie in until they are sealed: no more than `limit` at once. */
export class Copies {
  readonly #directory: string
  readonly #prefix: string
  readonly #limit: number
  readonly #held = new Set<string>()
  #count = 0
  #wake = () => {}

  /** @param token tells this source's files from those of others */
  constructor(directory: string, token: string, limit: number) {
    this.#directory = directory
    this.#prefix = `failsafe-${token}-`
    this.#limit = limit
  }

  /** Removes what runs of this source left behind that were killed. @throws Failure `domino-directory` */
  async sweep(): Promise<void> {
    try {
      for (const name of await readdir(this.#directory))
        if (name.startsWith(this.#prefix)) await rm(join(this.#directory, name), { force: true })
    } catch (error) {
      throw new Failure('domino-directory', `The directory for copies ${this.#directory} cannot be used`, {
        why: messageOf(error),
        fix: 'Give the account of failsafe the right to read and remove what the user of Domino writes there',
        cause: error,
      })
    }
  }

  /** Room for one more copy, when there is: a path that is `remove`d again. */
  async take(signal: AbortSignal): Promise<string> {
    while (this.#held.size >= this.#limit) await this.#released(signal)
    signal.throwIfAborted()
    const path = join(this.#directory, `${this.#prefix}${process.pid}-${++this.#count}`)
    this.#held.add(path)
    return path
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true })
    this.#held.delete(path)
    this.#wake()
  }

  async removeAll(): Promise<void> {
    await Promise.all([...this.#held].map(path => this.remove(path)))
  }

  /** The whole copy, and then it is gone. A chunk is valid until the next is asked for. */
  async *read(path: string, size: number): AsyncGenerator<Buffer, void, undefined> {
    let read = 0
    for await (const chunk of readFile(path, size)) {
      read += chunk.length
      yield chunk
    }
    if (read !== size)
      throw new Failure('domino-copy-changed', `The copy ${path} was changed before it was sealed`, {
        why: `it had ${size} bytes when it was made, and has ${read}`,
        fix: 'See that no other program works on the files of this directory',
        retriable: true,
      })
    await this.remove(path)
  }

  #released(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
    })
  }
}

async function* readFile(path: string, size: number): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path)
  const block = Buffer.allocUnsafeSlow(Math.min(blockSize, size + 1))
  try {
    yield* readBlocks(file, block)
  } finally {
    await file.close()
  }
}
