import type { FileHandle } from 'node:fs/promises'

/**
 * Writes all of `bytes`: a disk that is nearly full takes some of them and says so only in the count.
 * @param position in bytes; left out, behind what was written without one before
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const where = position === undefined ? null : position + at
    at += (await file.write(bytes, at, bytes.length - at, where)).bytesWritten
  }
}
