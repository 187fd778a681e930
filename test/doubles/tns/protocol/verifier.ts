import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'

const keyBytes = 32
const saltBytes = 16
/** Fewer rounds than a server does: a test logs in many times. */
const generationRounds = 256
const derivationRounds = 3

/** The password verifier of 12.1 and later, made of a password as a server keeps it [reference 4.2, "12C arithmetic"]. */
export const verifierType = 0x4815

/** One attempt to log in: what is sent to the client, and what its answer must fit. */
export class LogonAttempt {
  readonly #password: string
  readonly #salt = randomBytes(saltBytes)
  readonly #mixingSalt = randomBytes(saltBytes)
  readonly #serverKey = randomBytes(keyBytes)

  constructor(password: string) {
    this.#password = password
  }

  /** Keys and values of the answer to the first of the two messages. */
  challenge(): [key: string, value: string, flag?: number][] {
    return [
      ['AUTH_SESSKEY', hex(encrypt(this.#passwordHash(), this.#serverKey))],
      ['AUTH_VFR_DATA', hex(this.#salt), verifierType],
      ['AUTH_PBKDF2_CSK_SALT', hex(this.#mixingSalt)],
      ['AUTH_PBKDF2_VGEN_COUNT', String(generationRounds)],
      ['AUTH_PBKDF2_SDER_COUNT', String(derivationRounds)],
    ]
  }

  /** @returns AUTH_SVR_RESPONSE, which shows the client that the server knows the password; null when the client does not */
  answer(sessionKey: string, encryptedPassword: string): string | null {
    const clientKey = decrypt(this.#passwordHash(), Buffer.from(sessionKey, 'hex'))
    const parts = hex(Buffer.concat([clientKey.subarray(0, keyBytes), this.#serverKey]))
    const key = pbkdf2Sync(parts, this.#mixingSalt, derivationRounds, keyBytes, 'sha512')
    const password = unpad(decrypt(key, Buffer.from(encryptedPassword, 'hex'))).subarray(saltBytes)
    if (password.toString() !== this.#password) return null
    return hex(encrypt(key, Buffer.concat([randomBytes(saltBytes), Buffer.from('SERVER_TO_CLIENT')])))
  }

  #passwordHash(): Buffer {
    const salt = Buffer.concat([this.#salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')])
    const key = pbkdf2Sync(this.#password, salt, generationRounds, 64, 'sha512')
    return createHash('sha512').update(key).update(this.#salt).digest().subarray(0, keyBytes)
  }
}

function encrypt(key: Buffer, bytes: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function decrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([decipher.update(bytes), decipher.final()])
}

/** Takes off padding of as many bytes as each of them says; bytes that are no padding come of a wrong key. */
function unpad(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.max(0, bytes.length - bytes.at(-1)!))
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase()
}
