import { createHmac } from 'node:crypto'
import { md4 } from './md4.ts'

/** Source: MS-NLMP 2.2.1. */
const signature = Buffer.from('NTLMSSP\0', 'latin1')
const challengeType = 2
/** Unicode, NTLM, target information. */
const flags = 0x00800201
const headerSize = 56
export const nonceSize = 8

/** The server's challenge. @param nonce of 8 bytes that the client must answer to */
export function writeChallenge(nonce: Buffer, domain: string): Buffer {
  const name = Buffer.from(domain, 'utf16le')
  // Target information: the list's end alone.
  const target = Buffer.alloc(4)
  const header = Buffer.alloc(headerSize)
  signature.copy(header)
  header.writeUInt32LE(challengeType, 8)
  header.writeUInt16LE(name.length, 12)
  header.writeUInt16LE(name.length, 14)
  header.writeUInt32LE(headerSize, 16)
  header.writeUInt32LE(flags, 20)
  nonce.copy(header, 24)
  header.writeUInt16LE(target.length, 40)
  header.writeUInt16LE(target.length, 42)
  header.writeUInt32LE(headerSize + name.length, 44)
  return Buffer.concat([header, name, target])
}

export interface Authentication {
  domain: string
  userName: string
  /** LMv2: 16 bytes of proof, then the client's own nonce. */
  response: Buffer
}

export function readAuthentication(data: Buffer): Authentication {
  const field = (at: number) => {
    const offset = data.readUInt32LE(at + 4)
    return data.subarray(offset, offset + data.readUInt16LE(at))
  }
  return {
    response: field(12),
    domain: field(28).toString('utf16le'),
    userName: field(36).toString('utf16le'),
  }
}

const keyed = (key: Buffer, data: Buffer) => createHmac('md5', key).update(data).digest()

/** Whether the client knows the password. Source: MS-NLMP 3.3.2, LMv2; the driver writes the domain in upper case as well. */
export function proves({ domain, userName, response }: Authentication, password: string, nonce: Buffer): boolean {
  const identity = Buffer.from(userName.toUpperCase() + domain.toUpperCase(), 'utf16le')
  const key = keyed(md4(Buffer.from(password, 'utf16le')), identity)
  const proof = keyed(key, Buffer.concat([nonce, response.subarray(16)]))
  return proof.equals(response.subarray(0, 16))
}
