import { block, headerOf, padded } from '../archive/tar-header.ts'

export interface TarEntry {
  /** Relative path. */
  name: string
  content: string
  /** Permissions, such as 0o755. */
  mode: number
}

/** A tar archive of small text files. @param modified Unix seconds */
export function tarOf(entries: TarEntry[], modified: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const files = entries.map(({ name, content, mode }) => {
    const bytes = encoder.encode(content)
    return { header: headerOf({ path: name, size: bytes.length, mode, modified }), bytes }
  })
  const size = files.reduce((sum, { header, bytes }) => sum + header.length + padded(bytes.length), 2 * block)
  const archive = new Uint8Array(size)
  let offset = 0
  for (const { header, bytes } of files) {
    archive.set(header, offset)
    archive.set(bytes, offset + header.length)
    offset += header.length + padded(bytes.length)
  }
  return archive
}
