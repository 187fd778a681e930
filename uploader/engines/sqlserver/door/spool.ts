import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { makeDirectory } from '../../../files/make-directory.ts'
import { writeAll } from '../../../files/write-all.ts'

const algorithm = 'aes-256-gcm'
const nonceSize = 12
const blockSize = 1024 * 1024

/** Where parts wait that came before their turn: on disk, encrypted with a key that only this process has and keeps nowhere. */
export class Spool {
  readonly #directory: string
  readonly #key = randomBytes(32)
  #made: Promise<unknown> | undefined
  #next = 1

  /** @param directory made when it is needed, and removed by `remove` */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** One part. Where this throws, nothing of it is left. */
  async write(plain: AsyncIterable<Uint8Array>): Promise<SpooledPart> {
    this.#made ??= makeDirectory(this.#directory, 0o700)
    await this.#made
    const path = join(this.#directory, `${this.#next++}.part`)
    const nonce = randomBytes(nonceSize)
    const cipher = createCipheriv(algorithm, this.#key, nonce)
    try {
      const file = await open(path, 'wx', 0o600)
      try {
        for await (const chunk of plain) await writeAll(file, cipher.update(chunk))
        cipher.final()
      } finally {
        await file.close()
      }
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
    return new SpooledPart(path, this.#key, nonce, cipher.getAuthTag())
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}

export class SpooledPart {
  readonly #path: string
  readonly #key: Buffer
  readonly #nonce: Buffer
  readonly #tag: Buffer

  constructor(path: string, key: Buffer, nonce: Buffer, tag: Buffer) {
    this.#path = path
    this.#key = key
    this.#nonce = nonce
    this.#tag = tag
  }

  /** Once: it is gone then. A chunk is valid until the next is asked for. @throws Failure `sqlserver-door-spool` where the disk gives back something else */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    const decipher = createDecipheriv(algorithm, this.#key, this.#nonce).setAuthTag(this.#tag)
    const block = Buffer.allocUnsafeSlow(blockSize)
    let file: FileHandle | undefined
    try {
      file = await open(this.#path)
      for (;;) {
        const { bytesRead } = await file.read(block, 0, block.length)
        if (bytesRead === 0) break
        yield decipher.update(block.subarray(0, bytesRead))
      }
      decipher.final()
    } catch (cause) {
      throw new Failure(
        'sqlserver-door-spool',
        'A part of a backup that was put aside on the disk cannot be read again',
        {
          why: messageOf(cause),
          fix: 'Check the disk of the staging directory',
          retriable: true,
          cause,
        },
      )
    } finally {
      await file?.close()
      await this.remove()
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}
