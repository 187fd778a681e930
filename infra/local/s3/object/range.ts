import { S3Error } from '../error.ts'

/**
 * The bytes (both ends inclusive) that a Range header asks for, or undefined for all: S3 ignores a header that it cannot read and
 * one that names several ranges.
 * @throws S3Error `InvalidRange` where no byte of it exists
 */
export function readRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    const length = Math.min(Number(last), size)
    if (length === 0) throw new S3Error('InvalidRange')
    return { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) throw new S3Error('InvalidRange')
  return { start, end }
}
