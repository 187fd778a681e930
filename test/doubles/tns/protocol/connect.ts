import { isModern, type Release } from './release.ts'

/** Where the fields of a CONNECT lie behind its header [reference 4.2, tag S]. */
const at = { unit: 50, length: 16, data: 66 }
const largestUnit = 2_097_152

export interface ConnectRequest {
  /** Bytes of the client's session data unit. */
  unit: number
  /** `(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=...)...))`; null when it follows in a packet of its own, being too long for this one. */
  description: string | null
}

export function readConnect(body: Buffer): ConnectRequest {
  const length = body.readUInt16BE(at.length)
  const data = body.subarray(at.data, at.data + length)
  return { unit: body.readUInt32BE(at.unit), description: data.length < length ? null : data.toString() }
}

/** The value of a name in a connect description, wherever it stands. */
export function valueIn(description: string, name: string): string | null {
  return new RegExp(`\\(${name}=([^()]*)\\)`, 'i').exec(description)?.[1] ?? null
}

/**
 * Takes a connection, at a version of the protocol that the release speaks.
 *
 * @param demandsEncryption whether the client is to negotiate "native network encryption", which comes before all else then
 */
export function acceptance(release: Release, unit: number, demandsEncryption: boolean): Buffer {
  const body = Buffer.alloc(release.tnsVersion >= 318 ? 37 : 33)
  body.writeUInt16BE(release.tnsVersion, 0)
  body.writeUInt16BE(Math.min(unit, 65_535), 4)
  body.writeUInt16BE(65_535, 6)
  const notWanted = 0x04
  const noServices = 0x08
  if (!demandsEncryption) {
    body[14] = notWanted
    body[15] = noServices
  }
  body.writeUInt32BE(Math.min(unit, largestUnit), 24)
  body.writeUInt32BE(largestUnit, 28)
  const fastLogin = 0x1000_0000
  const endOfAnswer = 0x0200_0000
  if (isModern(release)) body.writeUInt32BE(fastLogin + endOfAnswer, 33)
  return body
}

/** What a listener says that does not connect. @param code 12514 for a service that it does not know */
export function refusal(code: number): Buffer {
  const text = Buffer.from(
    `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`,
  )
  const body = Buffer.alloc(4)
  body.writeUInt16BE(text.length, 2)
  return Buffer.concat([body, text])
}

/** Sends the client to another address, with what it wanted unchanged. */
export function redirection(address: { host: string; port: number }): Buffer {
  const text = Buffer.from(`(ADDRESS=(PROTOCOL=TCP)(HOST=${address.host})(PORT=${address.port}))`)
  const body = Buffer.alloc(2)
  body.writeUInt16BE(text.length)
  return Buffer.concat([body, text])
}
