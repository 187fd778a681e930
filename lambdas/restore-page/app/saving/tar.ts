const block = 512
const utf8 = new TextEncoder()

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
  return files.reduce((sum, file) => sum + headerOf(file).length + padded(file.size), 2 * block)
}

/** A tar archive (POSIX 2001) of `files`, in their order. */
export async function* tarOf(files: readonly TarFile[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const file of files) {
    yield headerOf(file)
    yield* file.content()
    const padding = padded(file.size) - file.size
    if (padding > 0) yield new Uint8Array(padding)
  }
  yield new Uint8Array(2 * block)
}

/** What does not fit into the old header stands in one of its own before it. */
function headerOf({ path, size }: Pick<TarFile, 'path' | 'size'>): Uint8Array {
  const records = [
    ...(utf8.encode(path).length > 99 || /[^ -~]/.test(path) ? [record('path', path)] : []),
    ...(size > 0o77777777777 ? [record('size', String(size))] : []),
  ].join('')
  const plain = oldHeader('0', path.replace(/[^ -~]/g, '_').slice(-99), size > 0o77777777777 ? 0 : size)
  if (records === '') return plain
  const extended = utf8.encode(records)
  const whole = new Uint8Array(2 * block + padded(extended.length))
  whole.set(oldHeader('x', 'extended', extended.length))
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

function oldHeader(type: string, name: string, size: number): Uint8Array {
  const header = new Uint8Array(block)
  const put = (at: number, text: string) => header.set(utf8.encode(text), at)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put(0, name)
  put(100, `${octal(0o600, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0`)
  put(148, ' '.repeat(8))
  put(156, `${type}`)
  put(257, 'ustar\x0000')
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, `${octal(sum, 6)}\0 `)
  return header
}

const padded = (size: number) => Math.ceil(size / block) * block
