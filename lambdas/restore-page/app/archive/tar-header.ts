/** Bytes that everything in an archive is a multiple of; two empty ones end it. */
export const block = 512
const utf8 = new TextEncoder()

export interface TarHeader {
  /** Relative, with `/`. */
  path: string
  /** Bytes. */
  size: number
  /** Permissions, such as 0o755. */
  mode: number
  /** Unix seconds. */
  modified: number
}

/** What does not fit into the old header stands in one of its own before it. */
export function headerOf(about: TarHeader): Uint8Array {
  const { path, size } = about
  const records = [
    ...(utf8.encode(path).length > 99 || /[^ -~]/.test(path) ? [record('path', path)] : []),
    ...(size > 0o77777777777 ? [record('size', String(size))] : []),
  ].join('')
  const name = path.replace(/[^ -~]/g, '_').slice(-99)
  const plain = oldHeader('0', { ...about, path: name, size: size > 0o77777777777 ? 0 : size })
  if (records === '') return plain
  const extended = utf8.encode(records)
  const whole = new Uint8Array(2 * block + padded(extended.length))
  whole.set(oldHeader('x', { ...about, path: 'extended', size: extended.length }))
  whole.set(extended, block)
  whole.set(plain, whole.length - block)
  return whole
}

/** `LENGTH NAME=VALUE\n`, where LENGTH counts itself. */
function record(name: string, value: string): string {
  const rest = utf8.encode(` ${name}=${value}\n`).length
  let length = rest + String(rest).length
  if (rest + String(length).length > length) length++
  return `${length} ${name}=${value}\n`
}

function oldHeader(type: string, { path, size, mode, modified }: TarHeader): Uint8Array {
  const header = new Uint8Array(block)
  const put = (at: number, text: string) => header.set(utf8.encode(text), at)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put(0, path)
  put(100, `${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(modified, 11)}\0`)
  put(148, ' '.repeat(8))
  put(156, type)
  put(257, 'ustar\x0000')
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, `${octal(sum, 6)}\0 `)
  return header
}

/** Bytes that a content of `size` takes. */
export const padded = (size: number) => Math.ceil(size / block) * block
