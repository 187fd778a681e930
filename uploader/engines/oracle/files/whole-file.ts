import { FileUnreadable, readWhole, type ServerFiles, sliceBytes } from './server-file.ts'

/** A file that nobody writes to any more. @throws FileUnreadable where it is empty, or ends too early */
export async function* wholeFile(files: ServerFiles, path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await files.open(path)
  try {
    const size = await file.size()
    if (size === 0) throw new FileUnreadable(path, 'unreadable', 'it is empty')
    for (let offset = 0; offset < size; ) {
      const slice = await readWhole(file, offset, Math.min(sliceBytes, size - offset))
      if (slice.length === 0) throw new FileUnreadable(path, 'unreadable', `it ended after ${offset} of ${size} bytes`)
      yield slice
      offset += slice.length
    }
  } finally {
    await file.close()
  }
}
