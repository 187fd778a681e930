import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { RunId } from '../../shared/ids.ts'
import type { PrivateKey } from '../../shared/jws.ts'

const nonceSize = 12
const tagSize = 16

/**
 * Names of artefacts are secret, and the journal outlives the process: what it says of them is sealed with a key that only this host's own key leads to. So a
 * staging directory on a disk that others read shows no name, and one that is copied elsewhere opens nothing.
 */
export class LineSealer {
  readonly #key: Buffer

  constructor(agentKey: PrivateKey, run: RunId) {
    this.#key = Buffer.from(hkdfSync('sha256', Buffer.from(agentKey.d, 'base64url'), run, 'failsafe.journal/1', 32))
  }

  seal(value: unknown): string {
    const nonce = randomBytes(nonceSize)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64')
  }

  /** @throws if it was sealed with another key, as after `failsafe rotate-key` */
  open(line: string): unknown {
    const bytes = Buffer.from(line, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceSize), {
      authTagLength: tagSize,
    })
    decipher.setAuthTag(bytes.subarray(bytes.length - tagSize))
    const plain = decipher.update(bytes.subarray(nonceSize, bytes.length - tagSize))
    return JSON.parse(Buffer.concat([plain, decipher.final()]).toString())
  }
}
