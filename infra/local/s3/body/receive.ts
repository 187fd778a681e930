import type { FileHandle } from 'node:fs/promises'
import type { Call } from '../call.ts'
import { checkBody, type Digests, hashesFor } from './check.ts'
import { type Algorithm, hasher } from './checksum.ts'
import { type Expectation, expectationOf } from './expectation.ts'
import { type Md5, md5Of } from './md5.ts'
import { bodyOf } from './source.ts'

export interface Received {
  /** In the store's files. */
  file: string
  size: number
  /** Hex MD5. */
  etag: string
  /** What the request carried and the body held up to. */
  checksum: { algorithm: Algorithm; value: string } | undefined
}

/** Bytes gathered before they are written: one system call for many chunks. */
const batchSize = 1 << 20
const batchChunks = 512

/**
 * Streams a body into a file, hashing on the way, and holds it against every checksum and length of the request.
 * @param keep called with the bytes on the disk; notes in one turn whose they are. If it throws, or anything before it does, the
 *   file is removed.
 */
export async function receive<T>(call: Call, keep: (received: Received) => T): Promise<T> {
  const expected = expectationOf(call)
  const { file, handle } = await call.store.files.create()
  try {
    const received = await write(call, expected, handle).finally(() => handle.close())
    return keep({ file, ...received })
  } catch (error) {
    await call.store.files.remove([file])
    throw error
  }
}

async function write(call: Call, expected: Expectation, handle: FileHandle): Promise<Omit<Received, 'file'>> {
  const hashers = [...hashesFor(expected)].map(name => ({ name, hash: hasher(name) }))
  const md5 = md5Of(expected.length)
  const trailers = new Map<string, string>()
  let size = 0
  let batch: Buffer[] = []
  let batched = 0
  let writing: Promise<void> = Promise.resolve()
  const flush = async () => {
    await writing
    writing = writeAll(handle, batch, batched, md5)
    writing.catch(() => {}) // seen by whoever waits for it next
    batch = []
    batched = 0
  }
  try {
    for await (const chunk of bodyOf(call.request, expected.chunked, trailers)) {
      for (const { hash } of hashers) hash.update(chunk)
      size += chunk.length
      batch.push(chunk)
      batched += chunk.length
      if (batched >= batchSize || batch.length >= batchChunks) await flush()
    }
    await flush()
    await writing
    const digests: Digests = new Map(hashers.map(({ name, hash }) => [name, hash.digest()]))
    const etag = await md5.digest()
    const checksum = checkBody(expected, digests.set('MD5', etag), size, trailers)
    await handle.datasync()
    return { size, etag: etag.toString('hex'), checksum }
  } finally {
    await writing.catch(() => {}) // the file is closed next; the error itself has been thrown
    md5.close()
  }
}

async function writeAll(handle: FileHandle, batch: Buffer[], size: number, md5: Md5): Promise<void> {
  if (size === 0) return
  const { bytesWritten } = await handle.writev(batch)
  if (bytesWritten !== size) throw new Error(`only ${bytesWritten} of ${size} bytes could be written`)
  await md5.add(batch)
}
