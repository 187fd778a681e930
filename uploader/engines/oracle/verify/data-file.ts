import { fold, type Order, orderOf, scnAt, u16, u32 } from './bytes.ts'

/** What the header of a data file says, in its second block (struct kcvfh, as the block editor BBED shows it). */
export interface DataFileHeader {
  order: Order
  /** DBID. */
  databaseId: string
  fileNumber: number
  blockSize: number
  /** Behind the first one, which counts as no block of the file. */
  blocks: number
  checkpointScn: string
}

/** Where numbers stand: the first block, then the second one behind its own start. */
const first = { blockSize: 20 }
const second = { databaseId: 28, blocks: 44, blockSize: 48, fileNumber: 52, checkpointScn: 484 }

/** @param start of the file, two blocks at least. @returns undefined for what is no data file */
export function headerOf(start: Uint8Array): DataFileHeader | undefined {
  const order = orderOf(start)
  if (order === undefined) return undefined
  const blockSize = u32(start, first.blockSize, order)
  if (blockSize < 2048 || blockSize > 32_768 || blockSize % 512 !== 0 || start.length < 2 * blockSize) return undefined
  const block = start.subarray(blockSize, 2 * blockSize)
  return {
    order,
    databaseId: String(u32(block, second.databaseId, order)),
    fileNumber: u16(block, second.fileNumber, order),
    blockSize: u32(block, second.blockSize, order),
    blocks: u32(block, second.blocks, order),
    checkpointScn: String(scnAt(block, second.checkpointScn, order)),
  }
}

const head = { type: 0, scn: 8, sequence: 14, flags: 15 }
const hasChecksum = 0x04

/**
 * Whether a block is whole: its end repeats part of its head, and its checksum is right where it has one. One that was never used is all zero. A block that is
 * written while it is read is not: its halves are of different writes.
 */
export function isWhole(block: Uint8Array, order: Order): boolean {
  const sequence = block[head.sequence]!
  const type = block[head.type]!
  if (type === 0 && sequence === 0) return block.every(byte => byte === 0)
  const scnLow = order === 'little' ? u16(block, head.scn, order) : u16(block, head.scn + 2, order)
  const tail = scnLow * 0x1_0000 + type * 0x100 + sequence
  if (u32(block, block.length - 4, order) !== tail) return false
  return (block[head.flags]! & hasChecksum) === 0 || fold(block) === 0
}
