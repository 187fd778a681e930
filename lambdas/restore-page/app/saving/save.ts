import { chunksOf, streamOf } from '../opening/chunks.ts'
import { OpeningError } from '../opening/opening-error.ts'
import { download } from './download.ts'
import { pickDirectory, pickFile } from './pickers.ts'
import { tarOf, tarSize } from './tar.ts'
import { writeFile } from './write-file.ts'

/** `refused`: the person closed a dialogue or cancelled the download. */
export type Saved = 'saved' | 'refused'

/** A file to save. */
export interface FileToSave {
  /** Relative, with `/`; safe to be made below a directory. */
  path: string
  /** Bytes. */
  size: number
  content(): ReadableStream<Uint8Array>
}

/**
 * Streams `content` to disk: into a file that the person picks, where the browser can and was just clicked in, else as a download. Call it in the very
 * handler of the click.
 * @param name of the file, without folders
 * @param size of it in bytes
 * @throws what `content` fails with. Then no file is left, or a failed download
 */
export async function save(name: string, size: number, content: ReadableStream<Uint8Array>): Promise<Saved> {
  const file = await pickFile(name)
  if (file === 'refused') {
    await content.cancel()
    return file
  }
  if (!file) return (await download(name, size, content)) ? 'saved' : 'refused'
  await writeFile(file, content)
  return 'saved'
}

/**
 * Streams files to disk, one after the other: below a directory that the person picks, where the browser can and was just clicked in, else as one tar
 * archive. Call it in the very handler of the click. Nothing that is there is written over.
 * @param archive name of the archive
 * @throws what a content fails with, or OpeningError `refused` where a file is there already. Files that were whole before stay
 */
export async function saveAll(files: readonly FileToSave[], archive: string): Promise<Saved> {
  const directory = await pickDirectory()
  if (directory === 'refused') return directory
  if (!directory) return saveArchive(files, archive)
  for (const { path } of files)
    if (await isThere(directory, path)) throw new OpeningError('refused', `${path} is there already`)
  for (const { path, content } of files) await writeFile(await newFile(directory, path), content())
  return 'saved'
}

async function saveArchive(files: readonly FileToSave[], archive: string): Promise<Saved> {
  const entries = files.map(({ path, size, content }) => ({ path, size, content: () => chunksOf(content()) }))
  return (await download(archive, tarSize(files), streamOf(tarOf(entries)))) ? 'saved' : 'refused'
}

async function isThere(directory: FileSystemDirectoryHandle, path: string): Promise<boolean> {
  const [folders, name] = split(path)
  try {
    for (const folder of folders) directory = await directory.getDirectoryHandle(folder)
    await directory.getFileHandle(name)
    return true
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return false
    throw error
  }
}

async function newFile(directory: FileSystemDirectoryHandle, path: string): Promise<FileSystemFileHandle> {
  const [folders, name] = split(path)
  for (const folder of folders) directory = await directory.getDirectoryHandle(folder, { create: true })
  return directory.getFileHandle(name, { create: true })
}

function split(path: string): [folders: string[], name: string] {
  const parts = path.split('/')
  return [parts.slice(0, -1), parts.at(-1)!]
}
