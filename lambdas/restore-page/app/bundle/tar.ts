export interface TarEntry {
  /** Relative path of at most 100 bytes of ASCII. */
  name: string
  content: string
  /** Permissions, such as 0o755. */
  mode: number
}

const block = 512

/** A tar archive (ustar) of small text files. @param modified Unix seconds */
export function tarOf(entries: TarEntry[], modified: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const files = entries.map(entry => ({ ...entry, bytes: encoder.encode(entry.content) }))
  const size = files.reduce((sum, { bytes }) => sum + block + Math.ceil(bytes.length / block) * block, 2 * block)
  const archive = new Uint8Array(size)
  let offset = 0
  for (const { name, mode, bytes } of files) {
    archive.set(headerOf(encoder.encode(name), mode, bytes.length, modified), offset)
    archive.set(bytes, offset + block)
    offset += block + Math.ceil(bytes.length / block) * block
  }
  return archive
}

/** Numbers are octal text; the checksum is over the header with blanks in its place. */
function headerOf(name: Uint8Array, mode: number, size: number, modified: number): Uint8Array {
  if (name.length > 100) throw new RangeError('a name in a tar archive of this kind has 100 bytes at most')
  const header = new Uint8Array(block)
  header.set(name, 0)
  const write = (text: string, at: number) => header.set(new TextEncoder().encode(text), at)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  write(`${octal(mode, 7)}\0`, 100)
  write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108)
  write(`${octal(size, 11)}\0${octal(modified, 11)}\0`, 124)
  write(' '.repeat(8), 148)
  write('0', 156)
  write('ustar\0' + '00', 257)
  const sum = header.reduce((sum, byte) => sum + byte, 0)
  write(`${octal(sum, 6)}\0 `, 148)
  return header
}
