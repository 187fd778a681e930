import { Decrypter } from 'age-encryption'
import { Failure } from '../failure.ts'

/** @throws Failure `identity-invalid`; the message never shows the identity */
export function decrypterFor(identities: readonly string[]): Decrypter {
  if (identities.length === 0) throw new Failure('identity-invalid', 'There is no identity to open with')
  const decrypter = new Decrypter()
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity)
    } catch (cause) {
      throw new Failure('identity-invalid', 'This is not a secret key of age', {
        why: 'it must be one line that begins with AGE-SECRET-KEY-1, and no character may be missing or changed',
        fix: 'Take the recovery kit itself, or copy its last line again',
        cause,
      })
    }
  }
  return decrypter
}
