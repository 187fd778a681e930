import { type FileHandle, open, rm } from 'node:fs/promises'
import { writeAll } from '../../../files/write-all.ts'
import type { Handle, LogInfo, Notes } from './library.ts'

export interface Copied extends LogInfo {
  /** Where the database is. */
  file: string
  /** Bytes of the image, and of the copy. */
  size: number
}

const blockSize = 1024 * 1024
/** Fewer before-images are kept by the server the more it knows of what was read. */
const markEvery = 4 * blockSize

/**
 * A copy of a database as it was when this began, whatever is written to it meanwhile:
 *
 *   open ─▶ start ─▶ size bytes are read ─▶ stop ─▶ change information is applied to the copy ─▶ end ─▶ close
 *             │            │ each 4 MiB: "read up to here"                                        ▲
 *             └────────────┴── anything fails ─▶ end (abort), and the copy is removed ────────────┘
 *
 * The library is only called between two waits, never during one.
 */
export async function copyDatabase(
  notes: Notes,
  { path, to }: { path: string; to: string },
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Copied> {
  const database = notes.open(path)
  let first: { error: unknown } | undefined
  try {
    return await backUp(notes, database, to, signal, onBytes)
  } catch (error) {
    first = { error }
    throw error
  } finally {
    finish(() => notes.close(database), first)
  }
}

async function backUp(
  notes: Notes,
  database: Handle,
  to: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Copied> {
  const file = notes.pathOf(database)
  const { context, size } = notes.startBackup(database)
  try {
    const info = notes.logInfo(database)
    await copyImage(file, to, size, signal, bytes => {
      notes.setHighWaterMark(database, context, bytes)
      onBytes(bytes)
    })
    notes.stopBackup(database, context)
    applyChanges(notes, database, context, to)
    signal.throwIfAborted()
    notes.endBackup(database, context, 'whole')
    return { ...info, file, size }
  } catch (error) {
    finish(() => notes.endBackup(database, context, 'abort'), { error })
    await rm(to, { force: true })
    throw error
  }
}

/** Exactly `size` bytes; what was appended later is no part of the image. Blocks of zeros become holes. */
async function copyImage(
  from: string,
  to: string,
  size: number,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<void> {
  const source = await open(from)
  try {
    const copy = await open(to, 'wx', 0o600)
    try {
      await copy.truncate(size)
      let marked = 0
      for (let at = 0; at < size; ) {
        signal.throwIfAborted()
        const length = await fill(source, block, Math.min(blockSize, size - at), at)
        if (length === 0) throw new Error(`${from} ended at ${at} of ${size} bytes`)
        const bytes = block.subarray(0, length)
        if (!isZero(bytes)) await writeAll(copy, bytes, at)
        at += length
        if (at - marked >= markEvery || at === size) {
          onRead(at)
          marked = at
        }
      }
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}

async function fill(file: FileHandle, block: Buffer, length: number, at: number): Promise<number> {
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(block, read, length - read, at + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return read
}

/** One copy is made at a time. */
const block = Buffer.allocUnsafeSlow(blockSize)
const zeros = Buffer.alloc(blockSize)

function isZero(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.equals(zeros.subarray(0, bytes.length))
}

/** In the order in which it comes. There may be none: the copy is sealed for recovery all the same. */
function applyChanges(notes: Notes, database: Handle, context: Handle, to: string): void {
  const apply = notes.startApply(to, notes.changeInfoSize(database, context))
  try {
    const buffer = notes.changeInfoBuffer
    for (
      let piece = notes.nextChangeInfo(database, context, buffer);
      piece;
      piece = notes.nextChangeInfo(database, context, buffer)
    )
      notes.applyNext(apply, piece)
  } catch (error) {
    finish(() => notes.endApply(apply, 'abort'), { error })
    throw error
  }
  notes.endApply(apply, 'whole')
}

/** What is released after something failed may fail too; what is told of is the first. */
function finish(release: () => void, failed: { error: unknown } | undefined): void {
  try {
    release()
  } catch (error) {
    if (!failed) throw error
  }
}
