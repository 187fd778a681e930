import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { bech32 } from '@scure/base'
import { Failure } from '../failure.ts'

/**
 * Somebody an artefact is sealed to. The age package would do this as well, in 0.7 ms and with so much garbage that a snapshot of many
 * small artefacts outgrows its memory; node:crypto takes 0.1 ms.
 */
export interface Recipient {
  /** The stanza of the header that only this recipient's identity gets the file key out of. */
  wrap(fileKey: Uint8Array): string
}

/** What stands before the 32 bytes of an X25519 public key in its DER form. */
const spki = Buffer.from('302a300506032b656e032100', 'hex')
const label = 'age-encryption.org/v1/X25519'

/** @throws Failure `recipient-invalid` */
export function parseRecipients(texts: readonly string[]): Recipient[] {
  if (texts.length === 0) throw new Failure('recipient-invalid', 'There is no recipient to seal to')
  return texts.map(text => {
    try {
      const { prefix, bytes } = bech32.decodeToBytes(text)
      if (prefix !== 'age' || bytes.length !== 32) throw new Error('not an X25519 recipient')
      const key = createPublicKey({ key: Buffer.concat([spki, bytes]), format: 'der', type: 'spki' })
      return { wrap: (fileKey: Uint8Array) => wrap(fileKey, key, bytes) }
    } catch (cause) {
      throw new Failure('recipient-invalid', `Nothing can be sealed to ${text}`, {
        why: 'it is not a public key of age (age1 and 58 more letters and digits)',
        fix: 'Take the line that begins with "# recipient: age1" from the recovery kit',
        cause,
      })
    }
  })
}

function wrap(fileKey: Uint8Array, recipient: KeyObject, recipientBytes: Uint8Array): string {
  const ephemeral = generateKeyPairSync('x25519')
  const share = ephemeral.publicKey.export({ format: 'der', type: 'spki' }).subarray(spki.length)
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient })
  const key = new Uint8Array(hkdfSync('sha256', secret, Buffer.concat([share, recipientBytes]), label, 32))
  const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 })
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
  return `-> X25519 ${unpadded(share)}\n${unpadded(body)}\n`
}

export function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
