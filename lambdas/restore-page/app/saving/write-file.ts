/** `remove` is in some browsers only. */
type Removable = FileSystemFileHandle & { remove?(): Promise<void> }

/** Writes a file that is there only as a whole: what there was stays until all of `content` has come. @throws what `content` fails with */
export async function writeFile(file: Removable, content: ReadableStream<Uint8Array>): Promise<void> {
  try {
    await content.pipeTo((await file.createWritable()) as WritableStream<Uint8Array>)
  } catch (error) {
    // The dialogue made it, and nothing is in it.
    if ((await file.getFile()).size === 0) await file.remove?.()
    throw error
  }
}
