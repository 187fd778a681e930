import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'

/** Fewer bytes at once for what is mostly small. */
const blockSize = 256 * 1024

/** Files that were opened when they were handed out: what goes away meanwhile is read all the same. */
export class OpenFiles {
  readonly #open = new Set<FileHandle>()

  /** Undefined where there is no such file any more. @throws Failure `domino-file` */
  async open(path: string): Promise<FileHandle | undefined> {
    try {
      const file = await open(path)
      this.#open.add(file)
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw unreadable(path, error)
    }
  }

  /** All of it, also where it has more bytes by now than `size`, and then it is closed. A chunk is valid until the next is asked for. @throws Failure `domino-file` */
  async *read(file: FileHandle, path: string, size: number): AsyncGenerator<Buffer, void, undefined> {
    // There may be hundreds of thousands, and most are small. One byte more shows the end.
    const block = Buffer.allocUnsafeSlow(Math.min(blockSize, size + 1))
    try {
      for (let at = 0; ; ) {
        const { bytesRead } = await file.read(block, 0, block.length, at).catch(error => {
          throw unreadable(path, error)
        })
        if (bytesRead === 0) return
        at += bytesRead
        yield block.subarray(0, bytesRead)
      }
    } finally {
      await this.#close(file)
    }
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open].map(file => this.#close(file)))
  }

  async #close(file: FileHandle): Promise<void> {
    if (this.#open.delete(file)) await file.close()
  }
}

function unreadable(path: string, cause: unknown): Failure {
  return new Failure('domino-file', `${path} cannot be read`, {
    why: messageOf(cause),
    fix: 'Let the account of failsafe read it, and look at the disk that it lies on; exclude leaves a file of the data directory out',
    cause,
  })
}

/** SHA-256 of a file in base64. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * blockSize })) hash.update(chunk)
  return hash.digest('base64')
}
