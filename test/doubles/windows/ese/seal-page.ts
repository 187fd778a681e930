/*
 * The sums of a page, row by row as Microsoft's published source of ESE defines them. The reader of the product adds up sixteen rows at a time; that both come to the
 * same is worth something because they do it differently.
 */

/** Writes its sums into a page whose flag says that it has them. @param number of the page, from 1 behind the header pages */
export function sealPage(page: Buffer, number: number): void {
  page.writeUInt32LE((page.readUInt32LE(36) | 0x2000) >>> 0, 36)
  const blocks = page.length > 8192 ? 4 : 1
  const size = page.length / blocks
  for (let block = blocks - 1; block >= 0; block--) {
    const { xor, ecc } = sumsOf(page.subarray(block * size, (block + 1) * size), block === 0)
    const at = block === 0 ? 0 : 40 + 8 * (block - 1)
    page.writeUInt32LE((xor ^ number) >>> 0, at)
    page.writeUInt32LE(ecc, at + 4)
  }
}

/** Up to Exchange 2003. */
export function sealOldPage(page: Buffer, number: number): void {
  page.writeUInt32LE(number, 4)
  let sum = 0x89abcdef
  for (let at = 4; at < page.length; at += 4) sum ^= page.readUInt32LE(at)
  page.writeUInt32LE(sum >>> 0, 0)
}

function sumsOf(block: Buffer, head: boolean): { xor: number; ecc: number } {
  const rows = block.length / 4
  let [p, q, r, s, xor] = [0, 0, 0, 0, 0]
  for (let row = head ? 2 : 0; row < rows; row++) {
    const word = block.readInt32LE(row * 4)
    xor ^= word
    if (ones(word) % 2 === 0) continue
    p ^= row
    q ^= ~row
  }
  for (let column = 0; column < 32; column++) {
    if (((xor >>> column) & 1) === 0) continue
    r ^= column
    s ^= ~column
  }
  const mask = rows - 1
  return { xor, ecc: (((q & mask) << 21) | ((s & 31) << 16) | ((p & mask) << 5) | (r & 31)) >>> 0 }
}

function ones(word: number): number {
  let count = 0
  for (let bit = 0; bit < 32; bit++) count += (word >>> bit) & 1
  return count
}
