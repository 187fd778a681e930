import { chunksOf } from '../opening/chunks.ts'
import { discard } from '../opening/discard.ts'

/** `remove` is in some browsers only. */
type Removable = FileSystemFileHandle & { remove?(): Promise<void> }

/** Writes a file that is there only as a whole: what there was stays until all of `content` has come. @throws what `content` fails with */
export async function writeFile(file: Removable, content: ReadableStream<Uint8Array>): Promise<void> {
  const writable = await file.createWritable()
  try {
    for await (const chunk of chunksOf(content)) {
      await writable.write(chunk as Uint8Array<ArrayBuffer>)
      discard(chunk)
    }
    await writable.close()
  } catch (error) {
    await writable.abort(error)
    // The dialogue made it, and nothing is in it.
    if ((await file.getFile()).size === 0) await file.remove?.()
    throw error
  }
}
