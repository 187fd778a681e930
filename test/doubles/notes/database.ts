import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { noiseOf } from '../../support/noise.ts'

const headerSize = 1024
/** Where a backup of a database carries what recovery needs (c/notes.h). */
const stamp = { at: 896, size: 64 }

/** The first kilobyte of a database, as the engine knows it. */
export function nsfHeader({ replicaId = 1, ods = 55 }: { replicaId?: number; ods?: number } = {}): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt16LE(0x001a, 0)
  header.writeUInt32LE(0x400, 2)
  header.writeUInt32LE(ods, 6)
  header.writeUInt32LE(replicaId, 180)
  header.writeUInt32LE(0x85256789, 184)
  // One superblock, in the second kilobyte.
  header.writeUInt32LE(4, 560)
  header.writeUInt32LE(512, 564)
  return header
}

/** Whole pages, as the library changes them. */
const pageSize = 512

/** @param size rounded up to whole pages. @param sparse holes behind the header and a little noise at the end, whatever the size */
export async function writeDatabase(
  path: string,
  { size, sparse = false, replicaId }: { size: number; sparse?: boolean; replicaId?: number },
): Promise<void> {
  const whole = Math.ceil(size / pageSize) * pageSize
  const file = await open(path, 'w')
  try {
    await file.write(nsfHeader(replicaId === undefined ? {} : { replicaId }), 0, headerSize, 0)
    if (sparse) {
      await file.write(Buffer.alloc(4096, 0x42), 0, 4096, whole - 4096)
      return
    }
    let at = headerSize
    for await (const chunk of noiseOf(whole - headerSize, path))
      at += (await file.write(chunk, 0, chunk.length, at)).bytesWritten
  } finally {
    await file.close()
  }
}

/** SHA-256 of a database in hexadecimal, as the library notes it of an image: without the place of the stamp. */
export async function imageHash(path: string): Promise<string> {
  const file = await open(path)
  const hash = createHash('sha256')
  const block = Buffer.alloc(1024 * 1024)
  try {
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(block, 0, block.length, at)
      if (bytesRead === 0) return hash.digest('hex')
      if (at === 0) block.fill(0, stamp.at, stamp.at + stamp.size)
      hash.update(block.subarray(0, bytesRead))
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}
