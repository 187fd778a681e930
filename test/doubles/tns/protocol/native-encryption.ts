/** What messages begin with in which both sides agree on services of the network layer. */
const magic = 0xdead_beef
const encryption = 2
const incompatible = 12_660

export function isNegotiation(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE() === magic
}

/**
 * What a server answers that demands native network encryption of a client that has none [reference 2.G 24]: the service of encryption, with an
 * error.
 */
export function encryptionDemand(): Buffer {
  const headBytes = 13
  const answer = Buffer.alloc(headBytes + 8)
  answer.writeUInt32BE(magic)
  answer.writeUInt16BE(answer.length, 4)
  answer.writeUInt16BE(1, 10)
  answer.writeUInt16BE(encryption, headBytes)
  answer.writeUInt32BE(incompatible, headBytes + 4)
  return answer
}
