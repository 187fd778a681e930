import { Failure } from '../failure.ts'

/** A signed URL was refused: usually it has expired, and the receiver signs another. */
export class UrlRefused extends Error {}

/** Something that another attempt may get over. */
export class Interrupted extends Error {}

/** Without a single byte for so long (milliseconds), a connection counts as dead. */
export const stall = 60_000

export interface Range {
  offset: number
  length: number
  /** Of the whole object as the manifest says; another one means that it is not the object that was committed. */
  size: number
}

export const rangeHeader = ({ offset, length }: Range) => `bytes=${offset}-${offset + length - 1}`

/** That the vault answers with exactly this range of exactly this object. @throws UrlRefused, Interrupted, or Failure `pack-damaged` */
export function requireRange(status: number, contentRange: string | null, { offset, length, size }: Range): void {
  switch (status) {
    case 206: {
      const expected = `bytes ${offset}-${offset + length - 1}/${size}`
      if (contentRange !== expected)
        throw packDamaged(`the vault has "${contentRange}" where the manifest says "${expected}"`)
      return
    }
    case 401:
    case 403:
      throw new UrlRefused(`the vault answered ${status}`)
    case 404:
      throw packDamaged('it is no longer in the vault')
    case 416:
      throw packDamaged('it is shorter than the manifest says')
    default:
      throw new Interrupted(`the vault answered ${status}`)
  }
}

/** Passes on the bytes of a range. @throws Interrupted where they are not as many as it has */
export async function* requireLength(
  body: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0
  for await (const chunk of body) {
    received += chunk.length
    if (received > length) throw new Interrupted('more bytes than asked for')
    yield chunk
  }
  if (received < length) throw new Interrupted(`the connection ended after ${received} of ${length} bytes`)
}

function packDamaged(why: string): Failure {
  return new Failure('pack-damaged', 'A pack is damaged', { why })
}
