import { seeded } from '../../../support/random.ts'

const pieceSize = 1 << 20
export const pageSize = 8192

let template: Buffer | undefined

/** A piece of pages that do not compress. */
function pages(): Buffer {
  const next = seeded(1)
  const piece = Buffer.alloc(pieceSize)
  for (let at = 0; at < pieceSize; at += 4) piece.writeUInt32LE(Math.floor(next() * 2 ** 32), at)
  return piece
}

/** Pages of a database, made on the fly: each bears its number, so that no two are alike. The yielded buffer is used again. */
export function* padding(bytes: number): Generator<Buffer> {
  template ??= pages()
  const piece = Buffer.from(template)
  for (let at = 0; at < bytes; at += pieceSize) {
    for (let page = 0; page < pieceSize; page += pageSize) piece.writeUInt32LE((at + page) / pageSize, page)
    yield piece.subarray(0, Math.min(pieceSize, bytes - at))
  }
}
