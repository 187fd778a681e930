import { fold, type Order, orderOf, scnAt, u16, u32 } from './bytes.ts'

/** What the header of a redo log says, in its second block. */
export interface RedoLogHeader {
  order: Order
  databaseId: string
  thread: number
  sequence: number
  /** RESETLOGS_ID. */
  incarnation: string
  firstScn: string
  nextScn: string
  /** What the server's clock showed, as `2026-11-22T10:15:00`. */
  firstTime: string
  nextTime: string
  /** It is whole: its end is known. */
  isClosed: boolean
  blockSize: number
  /** Behind the first one, this header among them. */
  blocks: number
}

const first = { blockSize: 20 }
const second = {
  sequence: 8,
  databaseId: 24,
  blocks: 156,
  incarnation: 160,
  thread: 176,
  firstScn: 180,
  firstTime: 188,
  nextScn: 192,
  nextTime: 200,
}
/** Stands for an end that is not known yet. */
const endless = 2n ** 48n - 1n

/** @param start of the file, two blocks at least. @returns undefined for what is no redo log */
export function headerOf(start: Uint8Array): RedoLogHeader | undefined {
  const order = orderOf(start)
  if (order === undefined) return undefined
  const blockSize = u32(start, first.blockSize, order)
  if (![512, 1024, 4096].includes(blockSize) || start.length < 2 * blockSize) return undefined
  const block = start.subarray(blockSize, 2 * blockSize)
  return {
    order,
    databaseId: String(u32(block, second.databaseId, order)),
    thread: u16(block, second.thread, order),
    sequence: u32(block, second.sequence, order),
    incarnation: String(u32(block, second.incarnation, order)),
    firstScn: String(scnAt(block, second.firstScn, order)),
    nextScn: String(scnAt(block, second.nextScn, order)),
    firstTime: clockOf(u32(block, second.firstTime, order)),
    nextTime: clockOf(u32(block, second.nextTime, order)),
    isClosed: scnAt(block, second.nextScn, order) < endless,
    blockSize,
    blocks: u32(block, second.blocks, order),
  }
}

/** Seconds since 1988, in months of 31 days. */
function clockOf(time: number): string {
  const days = Math.floor(time / 86_400)
  const months = Math.floor(days / 31)
  const clock = Date.UTC(1988 + Math.floor(months / 12), months % 12, (days % 31) + 1, 0, 0, time % 86_400)
  return new Date(clock).toISOString().slice(0, 19)
}

const head = { signature: 1, number: 4, sequence: 8, checksum: 14 }
const signature = 0x22

/** Whether a block is the one of that number and log, with a right checksum where it has one. */
export function isWhole(block: Uint8Array, number: number, { order, sequence }: RedoLogHeader): boolean {
  if (block[head.signature] !== signature) return false
  if (u32(block, head.number, order) !== number || u32(block, head.sequence, order) !== sequence) return false
  return u16(block, head.checksum, order) === 0 || fold(block) === 0
}
