import { block, headerOf, padded } from '../archive/tar-header.ts'

/** Of a file that its owner alone may read; when it was changed, nobody knows. */
const own = { mode: 0o600, modified: 0 }

export interface TarFile {
  /** Relative, with `/`. */
  path: string
  /** Bytes. */
  size: number
  /** Called once; has exactly `size` bytes. */
  content(): AsyncIterable<Uint8Array>
}

/** Bytes of `tarOf(files)`. */
export function tarSize(files: readonly Pick<TarFile, 'path' | 'size'>[]): number {
  return files.reduce((sum, file) => sum + headerOf({ ...file, ...own }).length + padded(file.size), 2 * block)
}

/** A tar archive (POSIX 2001) of `files`, in their order. */
export async function* tarOf(files: readonly TarFile[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const file of files) {
    yield headerOf({ ...file, ...own })
    yield* file.content()
    const padding = padded(file.size) - file.size
    if (padding > 0) yield new Uint8Array(padding)
  }
  yield new Uint8Array(2 * block)
}
