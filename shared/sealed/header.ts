import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { version } from './read-header.ts'
import { type Recipient, unpadded } from './recipient.ts'

/** A fresh file key and the header that gives it to the recipients. */
export function newHeader(recipients: readonly Recipient[]): { header: Buffer; fileKey: Uint8Array } {
  const fileKey = randomBytes(16)
  const text = `${version}${recipients.map(recipient => recipient.wrap(fileKey)).join('')}---`
  const macKey = new Uint8Array(hkdfSync('sha256', fileKey, '', 'header', 32))
  const mac = createHmac('sha256', macKey).update(text).digest()
  return { header: Buffer.from(`${text} ${unpadded(mac)}\n`), fileKey }
}
