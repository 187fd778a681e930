import { open } from 'node:fs/promises'

/** What the first kilobyte of a database says, as far as it is known from outside. */
export interface NsfHeader {
  /** On-disk structure: 43 is release 6 to 8, 51 is 8.5, 52 is 9, 55 is 12 and later. */
  ods: number
  /** As Domino shows it: 16 digits. */
  replicaId: string
  /** End of the last superblock, in bytes; it lies in the file. */
  reach: number
}

const headerSize = 0x400
const unitSize = 256

/** The two bytes that a database begins with, and the size of its header behind them. */
export function looksLikeDatabase(start: Buffer): boolean {
  return start.length >= 6 && start[0] === 0x1a && start[1] === 0 && [0x300, headerSize].includes(start.readUInt32LE(2))
}

/** Undefined where the bytes are no header of this kind. */
export function parseNsfHeader(bytes: Buffer): NsfHeader | undefined {
  if (bytes.length < headerSize || !looksLikeDatabase(bytes)) return undefined
  const word = (at: number) => bytes.readUInt32LE(at)
  const hex = (at: number) => word(at).toString(16).toUpperCase().padStart(8, '0')
  const superblocks = [560, 568, 576, 584].map(at => (word(at) === 0 ? 0 : word(at) * unitSize + word(at + 4)))
  return { ods: bytes[6]!, replicaId: hex(184) + hex(180), reach: Math.max(...superblocks) }
}

/** The first bytes of a file; fewer where it is shorter. */
export async function startOf(path: string, size = headerSize): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * Why a copy is not the database that it was made of; undefined where nothing speaks against it.
 * @param size what Domino said it would be. @param live of the database itself
 */
export function wrongCopy(
  copy: Buffer,
  { size, expected, live }: { size: number; expected: number; live: Buffer },
): string | undefined {
  if (size !== expected) return `it has ${size} bytes, and Domino said ${expected}`
  if (!looksLikeDatabase(copy)) return 'it does not begin as a database does'
  const [header, own] = [parseNsfHeader(copy), parseNsfHeader(live)]
  if (!header) return undefined
  if (header.ods < 16 || header.ods > 80) return `its header names the on-disk structure ${header.ods}`
  if (own && header.replicaId !== own.replicaId)
    return `its replica id is ${header.replicaId}, and ${own.replicaId} the database's`
  if (header.reach > size) return 'its header points behind its end'
  return undefined
}
