import { type FileHandle, open } from 'node:fs/promises'
import { type DatabaseHeader, headersSize, parseDatabaseHeader } from './database-header.ts'
import { type LogHeader, logHeaderSize, parseLogHeader } from './log-header.ts'

/** @param path as this machine opens it. @param name as people know it */
export async function readDatabaseHeader(
  path: string,
  name: string,
): Promise<{ header: DatabaseHeader; shadow: boolean }> {
  return parseDatabaseHeader(await firstBytes(path, headersSize), name)
}

export async function readLogHeader(path: string, name: string): Promise<LogHeader> {
  return parseLogHeader(await firstBytes(path, logHeaderSize), name)
}

/** The first `size` bytes, or as many as there are. */
export async function firstBytes(path: string, size: number): Promise<Buffer> {
  const file = await open(path)
  try {
    return await fill(file, Buffer.alloc(size), 0)
  } finally {
    await file.close()
  }
}

/** Reads until the buffer is full or the file ends. @returns the part that is filled */
export async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
