/** Files of the database server, as it names them, wherever the uploader runs. */
export interface ServerFiles {
  /** @throws FileUnreadable */
  open(path: string): Promise<ServerFile>
  /** One of ours, or one that may be removed. @throws FileUnreadable */
  remove(path: string): Promise<void>
  /** Lets go of everything on the server. Never throws for one that is gone. */
  close(): Promise<void>
}

export interface ServerFile {
  /** Bytes that it has now: a file may grow. */
  size(): Promise<number>
  /** From an offset on, `length` bytes at most: fewer where it ends, none behind that. Valid until the next read. @throws FileUnreadable */
  read(offset: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** A file that is not there, or may not be read. */
export class FileUnreadable extends Error {
  readonly path: string
  readonly how: 'missing' | 'denied' | 'unreadable'

  constructor(path: string, how: FileUnreadable['how'], reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'FileUnreadable'
    this.path = path
    this.how = how
  }
}

/** All of the bytes that were asked for, unless the file ends. A single read may give fewer. */
export async function readWhole(file: ServerFile, offset: number, length: number): Promise<Buffer> {
  const first = await file.read(offset, length)
  if (first.length === length || first.length === 0) return first
  const pieces = [Buffer.from(first)]
  let filled = first.length
  while (filled < length) {
    const piece = await file.read(offset + filled, length - filled)
    if (piece.length === 0) break
    pieces.push(Buffer.from(piece))
    filled += piece.length
  }
  return Buffer.concat(pieces, filled)
}

/**
 * Half a mebibyte at once. Through the driver, pieces of 1 MiB cost half as much processor time again and those of 16 MiB several times as much, and smaller ones more
 * round trips: four for each.
 */
export const sliceBytes = 512 * 1024
