import type { FileHandle } from 'node:fs/promises'

/** Writes all of `bytes` at `position`: a disk that is nearly full takes some of them and says so only in the count. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let at = 0
  while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}
