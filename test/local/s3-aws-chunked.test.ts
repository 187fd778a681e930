import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeAwsChunked } from '../../infra/local/s3/body/aws-chunked.ts'
import { seed, times } from '../support/counts.ts'

async function* pieces(bytes: Buffer, cuts: number[]) {
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let at = 0
  for (const end of [...ends, bytes.length]) {
    if (end > at) yield bytes.subarray(at, end)
    at = end
  }
}

async function decode(bytes: Buffer, cuts: number[] = []) {
  const trailers = new Map<string, string>()
  const out: Buffer[] = []
  for await (const piece of decodeAwsChunked(pieces(bytes, cuts), trailers)) out.push(piece)
  return { body: Buffer.concat(out), trailers: Object.fromEntries(trailers) }
}

function encode(chunks: Uint8Array[], trailer: string): Buffer {
  const framed = chunks
    .filter(chunk => chunk.length > 0)
    .flatMap(chunk => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
  return Buffer.concat([...framed, Buffer.from(`0\r\n${trailer}\r\n`)])
}

const body = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })

test('any body is decoded, however the network cuts it', async () => {
  await fc.assert(
    fc.asyncProperty(body, fc.array(fc.nat(), { maxLength: 20 }), async (chunks, cuts) => {
      const decoded = await decode(encode(chunks, 'x-amz-checksum-crc32:AAAAAA==\r\n'), cuts)
      expect(decoded.body.equals(Buffer.concat(chunks))).toBe(true)
      expect(decoded.trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' })
    }),
    { seed, numRuns: times(5000) },
  )
})

test('a body that is cut off is refused, wherever the cut is', async () => {
  await fc.assert(
    fc.asyncProperty(body, fc.nat(), async (chunks, cut) => {
      const whole = encode(chunks, '')
      const end = whole.length - 3 // from there on only the final line's end is missing
      await expect(decode(whole.subarray(0, cut % end))).rejects.toMatchObject({ code: 'IncompleteBody' })
    }),
    { seed, numRuns: times(2000) },
  )
})

test('bad framing is refused', async () => {
  for (const text of ['', 'zz\r\n', '-1\r\n', '3\r\nabcd\r\n0\r\n\r\n', '0\r\n\r\nmore', `${'1'.repeat(9000)}`])
    await expect(decode(Buffer.from(text))).rejects.toMatchObject({ code: 'IncompleteBody' })
})
