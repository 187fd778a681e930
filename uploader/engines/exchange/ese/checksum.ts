const seed = 0x89abcdef

/**
 * What ESE writes into the first word of header pages, log headers and checkpoints: a constant and all other 32-bit words, added up by XOR.
 * @param page its length is a multiple of four
 */
export function checksumOf(page: Buffer): number {
  let sum = seed
  for (let at = 4; at < page.length; at += 4) sum ^= page.readInt32LE(at)
  return sum >>> 0
}

export function hasGoodChecksum(page: Buffer): boolean {
  return page.readUInt32LE(0) === checksumOf(page)
}
