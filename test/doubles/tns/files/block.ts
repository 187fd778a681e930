/**
 * One block of a file of the database: 20 bytes at its head, four at its end that repeat part of them, so that a block is known to be torn
 * when its halves are of different writes; and a checksum that makes the exclusive or of all 16-bit words zero.
 *
 * @see "Disassembling the Oracle Data Block" (kcbh, and the tail of a block); parameter DB_BLOCK_CHECKSUM in Database Reference
 */
export interface Block {
  type: number
  /** Absolute or relative number of the file, and of the block in it. */
  file: number
  number: number
  scn: bigint
  /** What is behind the head. */
  payload: Buffer
}

export const blockType = { header: 0x0b, data: 0x06, control: 0x15 } as const

export const headBytes = 20
const tailBytes = 4
const at = { type: 0, format: 1, address: 4, scn: 8, sequence: 14, flags: 15, checksum: 16 }
const format = 0xa2
const sequence = 1
const isChecked = 0x04

export function payloadBytes(blockSize: number): number {
  return blockSize - headBytes - tailBytes
}

/** @param blockSize bytes; what `payload` leaves free is zero */
export function encodeBlock({ type, file, number, scn, payload }: Block, blockSize: number): Buffer {
  const bytes = Buffer.alloc(blockSize)
  bytes[at.type] = type
  bytes[at.format] = format
  bytes.writeUInt32LE((file % 1024) * 2 ** 22 + number, at.address)
  writeScn(bytes, scn, at.scn)
  bytes[at.sequence] = sequence
  bytes[at.flags] = isChecked
  payload.copy(bytes, headBytes)
  bytes.writeUInt32LE(tailOf(bytes), blockSize - tailBytes)
  seal(bytes, at.checksum)
  return bytes
}

/** @returns null for a block that is torn or damaged */
export function decodeBlock(bytes: Buffer): Block | null {
  if (bytes[at.format] !== format || fold(bytes) !== 0) return null
  if (bytes.readUInt32LE(bytes.length - tailBytes) !== tailOf(bytes)) return null
  const address = bytes.readUInt32LE(at.address)
  return {
    type: bytes[at.type]!,
    file: Math.floor(address / 2 ** 22),
    number: address % 2 ** 22,
    scn: readScn(bytes, at.scn),
    payload: bytes.subarray(headBytes, bytes.length - tailBytes),
  }
}

/** Low half of the SCN, type and sequence of the head. */
function tailOf(bytes: Buffer): number {
  return bytes.readUInt16LE(at.scn) * 0x1_0000 + bytes[at.type]! * 0x100 + bytes[at.sequence]!
}

/** Sets the checksum at an offset, so that `fold` gives zero. */
export function seal(bytes: Buffer, offset: number): void {
  bytes.writeUInt16LE(0, offset)
  bytes.writeUInt16LE(fold(bytes), offset)
}

/** The exclusive or of all 16-bit words. */
export function fold(bytes: Buffer): number {
  let sum = 0
  for (let offset = 0; offset < bytes.length; offset += 2) sum ^= bytes.readUInt16LE(offset)
  return sum
}

/** An SCN of six bytes: four low ones, then two high ones. */
export function writeScn(bytes: Buffer, scn: bigint, offset: number): void {
  bytes.writeUInt32LE(Number(scn & 0xffff_ffffn), offset)
  bytes.writeUInt16LE(Number(scn >> 32n), offset + 4)
}

export function readScn(bytes: Buffer, offset: number): bigint {
  return BigInt(bytes.readUInt32LE(offset)) + (BigInt(bytes.readUInt16LE(offset + 4)) << 32n)
}
