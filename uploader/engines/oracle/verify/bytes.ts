/** How the platform of a database writes numbers. Files say so themselves: x86 little, AIX and Solaris big. */
export type Order = 'little' | 'big'

export function u16(bytes: Uint8Array, at: number, order: Order): number {
  const [low, high] = order === 'little' ? [bytes[at]!, bytes[at + 1]!] : [bytes[at + 1]!, bytes[at]!]
  return low + high * 0x100
}

export function u32(bytes: Uint8Array, at: number, order: Order): number {
  return order === 'little'
    ? u16(bytes, at, order) + u16(bytes, at + 2, order) * 0x1_0000
    : u16(bytes, at + 2, order) + u16(bytes, at, order) * 0x1_0000
}

/**
 * An SCN: its four low bytes, then two more. Where the highest bit of these is set it is one of 12.2 and later that needs eight bytes: the two stand for the highest,
 * and those in between follow (as OpenLogReplicator reads them).
 */
export function scnAt(bytes: Uint8Array, at: number, order: Order): bigint {
  const low = BigInt(u32(bytes, at, order))
  const high = BigInt(u16(bytes, at + 4, order))
  if ((high & 0x8000n) === 0n || high === 0xffffn) return low + (high << 32n)
  return low + (BigInt(u16(bytes, at + 6, order)) << 32n) + ((high & 0x7fffn) << 48n)
}

/** The mark that tells the order of bytes, in the first block of every file. */
const magic = { at: 28, value: 0x7a7b_7c7d }

/** @returns undefined for a file that does not begin as one of Oracle's */
export function orderOf(start: Uint8Array): Order | undefined {
  if (start.length < magic.at + 4) return undefined
  return (['little', 'big'] as const).find(order => u32(start, magic.at, order) === magic.value)
}

/** The exclusive or of all 16-bit words; zero where a checksum is right, whatever the order of bytes. `bytes` is a multiple of four long. */
export function fold(bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes)
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
  let sum = 0
  for (let i = 0; i < words.length; i++) sum ^= words[i]!
  return (sum ^ (sum >>> 16)) & 0xffff
}
