import { S3Error } from '../error.ts'

/** A line is a chunk's length or one trailer: longer ones are an attack or a mistake. */
const longestLine = 8 * 1024

/**
 * Takes the framing off an `aws-chunked` body (`<hex length>\r\n<bytes>\r\n … 0\r\n<trailers>\r\n\r\n`), whatever the pieces it
 * arrives in. Trailers are put into `trailers`, names in lower case, before the stream ends.
 * @throws S3Error `IncompleteBody` for a body that is cut off or badly framed
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let state: 'length' | 'bytes' | 'bytes-end' | 'trailers' | 'done' = 'length'
  let left = 0
  let line = ''
  for await (const chunk of source) {
    let at = 0
    while (at < chunk.length) {
      if (state === 'done') throw new S3Error('IncompleteBody', 'There are bytes after the last chunk.')
      if (state === 'bytes') {
        const piece = chunk.subarray(at, at + left)
        at += piece.length
        left -= piece.length
        if (left === 0) state = 'bytes-end'
        yield piece
        continue
      }
      const newline = chunk.indexOf(0x0a, at)
      line += chunk.toString('latin1', at, newline < 0 ? chunk.length : newline)
      if (line.length > longestLine) throw new S3Error('IncompleteBody', 'A line of the chunk framing is too long.')
      if (newline < 0) break
      at = newline + 1
      const ended = line.replace(/\r$/, '')
      line = ''
      switch (state) {
        case 'length':
          left = readLength(ended)
          state = left > 0 ? 'bytes' : 'trailers'
          break
        case 'bytes-end':
          if (ended !== '') throw new S3Error('IncompleteBody', 'A chunk is longer than it says.')
          state = 'length'
          break
        case 'trailers':
          if (ended === '') state = 'done'
          else readTrailer(ended, trailers)
      }
    }
  }
  // Some clients leave out the empty line after the trailers.
  if (state !== 'done' && !(state === 'trailers' && line === '')) throw new S3Error('IncompleteBody')
}

function readLength(line: string): number {
  const [hex = ''] = line.split(';')
  if (!/^[0-9a-fA-F]{1,12}$/.test(hex)) throw new S3Error('IncompleteBody', 'A chunk has no valid length.')
  return Number.parseInt(hex, 16)
}

function readTrailer(line: string, trailers: Map<string, string>): void {
  const colon = line.indexOf(':')
  if (colon < 1) throw new S3Error('IncompleteBody', 'A trailer is malformed.')
  trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
}
