import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import type { BackupSet } from '../model/backup-set.ts'
import type { Commit } from '../model/database.ts'
import { blockSize, type Descriptor, readDescriptor } from './descriptor.ts'
import { decode, type Extent, type Media, type StoredSet } from './media.ts'
import type { Source } from './medium.ts'
import { readStreamHeader, streamHeaderSize } from './stream.ts'

const inflate = promisify(inflateRaw)

/** Why a backup file cannot be read. The words that SQL Server has for it are not this module's business. */
export class MediaError extends Error {
  readonly reason: 'not-a-backup' | 'malformed' | 'end-of-file' | 'damaged'

  constructor(reason: MediaError['reason']) {
    super(reason)
    this.reason = reason
  }
}

async function readAt(file: Source, offset: number, length: number): Promise<Buffer> {
  const data = Buffer.alloc(length)
  const { bytesRead } = await file.read(data, 0, length, offset)
  if (bytesRead < length) throw new MediaError('end-of-file')
  return data
}

/** Reads the descriptors of a backup file; its data is skipped. @throws MediaError */
export async function readMedia(file: Source): Promise<Media> {
  const { size } = await file.stat()
  const signature = Buffer.alloc(4)
  await file.read(signature, 0, 4, 0)
  if (signature.toString('latin1') !== 'TAPE') throw new MediaError('not-a-backup')

  const media: Media = { name: '', sets: [], end: 0 }
  let extents: Extent[] = []
  let open = false
  for (let at = 0; at < size || open; ) {
    const { descriptor, next, data } = await readBlock(file, at)
    switch (descriptor.kind) {
      case 'TAPE':
        media.name = descriptor.strings[0] ?? ''
        break
      case 'SSET':
        extents = []
        open = true
        break
      case 'ESET': {
        media.sets.push(await storedSet(file, media.sets.length + 1, extents))
        open = false
        break
      }
      case 'MSDA':
      case 'MSLS':
      case 'MSCI':
        extents.push(...data)
        break
      case 'SFMB':
      case 'VOLB':
        break
    }
    at = next
    media.end = next
  }
  if (media.sets.length === 0) throw new MediaError('end-of-file')
  return media
}

async function storedSet(file: Source, position: number, extents: Extent[]): Promise<StoredSet> {
  const header = extents.find(extent => extent.id === 'MQCI')
  if (!header) throw new MediaError('malformed')
  return { position, set: parse<BackupSet>(await readExtent(file, header, true)), extents }
}

/** One descriptor with the streams behind it. */
async function readBlock(
  file: Source,
  start: number,
): Promise<{ descriptor: Descriptor; data: Extent[]; next: number }> {
  const descriptor = readDescriptor(await readAt(file, start, blockSize))
  if (!descriptor) throw new MediaError('malformed')
  const data: Extent[] = []
  let at = start + descriptor.firstStream
  while (true) {
    const header = readStreamHeader(await readAt(file, at, streamHeaderSize))
    if (!header) throw new MediaError('malformed')
    const { id, length, compressed } = header
    at += streamHeaderSize
    if (id === 'SPAD') {
      if (length > 0) await readAt(file, at + length - 1, 1)
      return { descriptor, data, next: at + length }
    }
    if (id === 'CSUM') {
      const last = data.at(-1)
      if (!last || length !== 4) throw new MediaError('malformed')
      last.crc = (await readAt(file, at, length)).readUInt32LE()
    } else {
      data.push({ id, offset: at, length, compressed, crc: null })
    }
    at += length + (-(at + length) & 3)
  }
}

/** @param verify compares the checksum, where there is one. @throws MediaError */
async function readExtent(file: Source, extent: Extent, verify: boolean): Promise<Buffer> {
  const stored = await readAt(file, extent.offset, extent.length)
  if (verify && extent.crc !== null && crc32(stored) !== extent.crc) throw new MediaError('damaged')
  if (!extent.compressed) return stored
  return inflate(stored).catch(() => {
    throw new MediaError('malformed')
  })
}

function parse<T extends BackupSet | Commit[]>(data: Buffer): T {
  try {
    return decode<T>(data)
  } catch {
    throw new MediaError('malformed')
  }
}

/**
 * Reads the whole of a set.
 *
 * @param progress is told of the bytes that are read
 * @returns its commits, in the order of their LSNs
 * @throws MediaError
 */
export async function readSet(
  file: Source,
  stored: StoredSet,
  verify: boolean,
  progress: (read: number) => Promise<void>,
): Promise<Commit[]> {
  const commits: Commit[] = []
  let read = 0
  for (const extent of stored.extents) {
    const data = await readExtent(file, extent, verify)
    if (extent.id === 'MQTL') commits.push(...parse<Commit[]>(data))
    read += extent.length
    await progress(read)
  }
  return commits
}
