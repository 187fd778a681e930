/**
 * Descriptor blocks of the Microsoft Tape Format. A block starts with 52 bytes that all have in common, then comes what its kind has of
 * its own, then its strings, and at `firstStream` the streams that belong to it. Numbers are little endian.
 * Source: "Microsoft Tape Format Specification", version 1.00a, chapters 5 and 6.
 */
export type Kind = 'TAPE' | 'SFMB' | 'SSET' | 'VOLB' | 'MSDA' | 'MSLS' | 'MSCI' | 'ESET'

const kinds: readonly string[] = ['TAPE', 'SFMB', 'SSET', 'VOLB', 'MSDA', 'MSLS', 'MSCI', 'ESET'] satisfies Kind[]

/** Blocks lie on multiples of this. */
export const blockSize = 4096
const commonSize = 52
const checksumAt = 50
/** SQL Server's vendor id. */
const microsoft = 0x1200
const windowsNt = 14
const unicode = 2

export interface Descriptor {
  kind: Kind
  /** Bytes from the block's beginning to its first stream. */
  firstStream: number
  strings: string[]
}

/** The common header's checksum: all its 16 bit words but the last, combined by exclusive or. */
function checksum(block: Buffer): number {
  let sum = 0
  for (let at = 0; at < checksumAt; at += 2) sum ^= block.readUInt16LE(at)
  return sum
}

/**
 * @param address the block's place in the file, counted in blocks
 * @param strings a name and a description: of the media for TAPE, of the backup set for SSET
 */
export function writeDescriptor(kind: Kind, address: number, strings: string[] = []): Buffer {
  const own = Buffer.alloc(kind === 'TAPE' ? 42 : 4 * strings.length)
  const texts = strings.map(text => Buffer.from(text, 'utf16le'))
  let at = commonSize + own.length
  texts.forEach((text, index) => {
    const pointer = kind === 'TAPE' ? 16 + 4 * index : 4 * index
    own.writeUInt16LE(text.length, pointer)
    own.writeUInt16LE(at, pointer + 2)
    at += text.length
  })
  if (kind === 'TAPE') {
    own.writeUInt16LE(1, 8) // media sequence number
    own.writeUInt16LE(blockSize / 512, 12) // soft filemark block size
    own.writeUInt16LE(blockSize, 32) // format logical block size
    own.writeUInt16LE(microsoft, 34)
    own.writeUInt8(1, 41) // major version of the format
  }
  const firstStream = (at + 3) & ~3
  const block = Buffer.alloc(firstStream)
  block.write(kind, 0, 'latin1')
  block.writeUInt16LE(firstStream, 8)
  block.writeUInt8(windowsNt, 10)
  block.writeBigUInt64LE(BigInt(address), 20)
  block.writeUInt16LE(strings.length, 44)
  block.writeUInt8(unicode, 48)
  own.copy(block, commonSize)
  let text = commonSize + own.length
  for (const each of texts) text += each.copy(block, text)
  block.writeUInt16LE(checksum(block), checksumAt)
  return block
}

/** @returns undefined when it is no descriptor block, or a damaged one */
export function readDescriptor(block: Buffer): Descriptor | undefined {
  const kind = block.toString('latin1', 0, 4)
  if (!kinds.includes(kind) || checksum(block) !== block.readUInt16LE(checksumAt)) return
  const pointers = commonSize + (kind === 'TAPE' ? 16 : 0)
  const strings = Array.from({ length: block.readUInt16LE(44) }, (_, index) => {
    const at = block.readUInt16LE(pointers + 4 * index + 2)
    return block.toString('utf16le', at, at + block.readUInt16LE(pointers + 4 * index))
  })
  return { kind: kind as Kind, firstStream: block.readUInt16LE(8), strings }
}
