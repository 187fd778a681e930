import { generateKeyPairSync, sign } from 'node:crypto'

/** A value of DER: its tag, its length, what is in it. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const ed25519 = sequence(der(0x06, Buffer.from([0x2b, 0x65, 0x70])))
const commonName = der(0x06, Buffer.from([0x55, 0x04, 0x03]))
const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('failsafe')))))
const time = (text: string) => der(0x17, Buffer.from(text))

/** A certificate that its own key has signed (X.509, RFC 5280), and that key, as PEM. It is made anew each time and proves nothing to anybody. */
export function throwawayCertificate(): string {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const serial = der(0x02, Buffer.from([1]))
  const validity = sequence(time('260101000000Z'), time('491231235959Z'))
  const content = sequence(serial, ed25519, name, validity, name, publicKey.export({ type: 'spki', format: 'der' }))
  const signature = der(0x03, Buffer.from([0]), sign(null, content, privateKey))
  const certificate = sequence(content, ed25519, signature).toString('base64')
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return `-----BEGIN CERTIFICATE-----\n${certificate.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n${key}`
}
