/**
 * How a page of a database stands. `empty`: never written. `mended`: one bit is wrong, and ESE mends it by itself when it reads the page.
 */
export type PageState = 'good' | 'empty' | 'mended' | 'damaged'

/** Word 9 of a page holds its flags; with this one its checksums tell which bit is wrong. */
const flagsWord = 9
const correcting = 0x2000
/** Pages up to this size (in words) are one block; larger ones are four, and the sums of the last three lie in words 10 to 15. */
const smallPage = 8192 / 4
const blockSums = 10
const seed = 0x89abcdef

interface Sums {
  /** All words of a block, by XOR, and the number of the page. */
  xor: number
  /** The parity of rows and columns of its bits: q (11 bits), s (5), p (11), r (5). */
  ecc: number
}

const columns = new Int32Array(16)

/**
 * Checks one page against the sums that it carries (Microsoft's published source of ESE, page checksums of both formats).
 * @param words of a page of 4096 to 32768 bytes, from `from`
 * @param number of the page: the first behind the two header pages is 1
 */
export function checkPage(words: Int32Array, from: number, count: number, number: number): PageState {
  if (isEmpty(words, from, count)) return 'empty'
  if (!(words[from + flagsWord]! & correcting)) return hasOldChecksum(words, from, count, number) ? 'good' : 'damaged'
  const blocks = count > smallPage ? 4 : 1
  const size = count / blocks
  let state: PageState = 'good'
  for (let block = 0; block < blocks; block++) {
    const place = from + (block === 0 ? 0 : blockSums + 2 * (block - 1))
    const stored: Sums = { xor: words[place]!, ecc: words[place + 1]! }
    const sums = blockSumsOf(words, from + block * size, size, block === 0)
    const xor = stored.xor ^ sums.xor ^ number
    const ecc = stored.ecc ^ sums.ecc
    if (xor === 0 && ecc === 0) continue
    if (!isOneBit(xor, ecc, size * 4)) return 'damaged'
    state = 'mended'
  }
  return state
}

/**
 * Each row of 32 bits has an index, and each bit of a row too. p: the indices of the rows with an odd number of ones, by XOR; r: those of the columns. q and s
 * are the same with the indices inverted. A single wrong bit changes one of each two inverse bits, and so names itself.
 * @param head the first two words hold the sums themselves, and count as zero
 */
function blockSumsOf(words: Int32Array, from: number, count: number, head: boolean): Sums {
  columns.fill(0)
  let p = 0
  for (let row = 0, at = from; row < count; row += 16, at += 16) {
    let all = 0
    for (let i = 0; i < 16; i++) {
      const word = words[at + i]!
      columns[i]! ^= word
      all ^= word
    }
    // Index 0 adds nothing to p: that the sums themselves are in the first of these does not matter here.
    if (parity(all)) p ^= row
  }
  if (head) {
    columns[0]! ^= words[from]!
    columns[1]! ^= words[from + 1]!
  }
  let xor = 0
  for (let i = 0; i < 16; i++) {
    xor ^= columns[i]!
    if (parity(columns[i]!)) p ^= i
  }
  let r = 0
  for (let bit = 0; bit < 32; bit++) if ((xor >>> bit) & 1) r ^= bit
  const inverse = parity(xor) ? -1 : 0
  const rows = count - 1
  const ecc = (((p ^ inverse) & rows) << 21) | (((r ^ inverse) & 31) << 16) | ((p & rows) << 5) | r
  return { xor, ecc }
}

function isOneBit(xor: number, ecc: number, bytes: number): boolean {
  const used = bytes * 8 - 1
  return (((ecc >>> 16) ^ ecc) & used) === used && xor !== 0 && (xor & (xor - 1)) === 0
}

/** Up to Exchange 2003: one sum, and the number of the page beside it. */
function hasOldChecksum(words: Int32Array, from: number, count: number, number: number): boolean {
  let sum = seed | 0
  for (let i = 1; i < count; i++) sum ^= words[from + i]!
  return words[from] === sum && words[from + 1] === number
}

/** Four words at a time: where a database was made larger at once, most of its pages are empty. */
function isEmpty(words: Int32Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at += 4)
    if ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0) return false
  return true
}

function parity(word: number): number {
  let folded = word ^ (word >>> 16)
  folded ^= folded >>> 8
  folded ^= folded >>> 4
  return (0x6996 >>> (folded & 15)) & 1
}
