const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by))

/** Source: RFC 1320. OpenSSL 3 has it no more, and NTLM has nothing else. */
export function md4(message: Buffer): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(message.length) * 8n)
  const padding = Buffer.alloc(1 + ((119 - (message.length % 64)) % 64))
  padding[0] = 0x80
  const padded = Buffer.concat([message, padding, length])
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += 64) {
    const words = Array.from({ length: 16 }, (_, word) => padded.readUInt32LE(at + 4 * word))
    state = rounds(state, words)
  }
  const digest = Buffer.alloc(16)
  for (const [at, word] of state.entries()) digest.writeUInt32LE(word >>> 0, 4 * at)
  return digest
}

/** In each round: what combines three words, the constant, the order of the words and the rotations. */
const steps = [
  {
    combine: (x: number, y: number, z: number) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    rotations: [3, 7, 11, 19],
  },
  {
    combine: (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    rotations: [3, 5, 9, 13],
  },
  {
    combine: (x: number, y: number, z: number) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    rotations: [3, 9, 11, 15],
  },
]

function rounds(state: number[], words: number[]): number[] {
  let [a, b, c, d] = state as [number, number, number, number]
  for (const { combine, constant, order, rotations } of steps) {
    for (const [at, word] of order.entries()) {
      const sum = (a + combine(b, c, d) + words[word]! + constant) | 0
      ;[a, b, c, d] = [d, rotate(sum, rotations[at % 4]!), b, c]
    }
  }
  return [a, b, c, d].map((word, at) => (word + state[at]!) | 0)
}
