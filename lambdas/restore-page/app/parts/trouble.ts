import { Refused, Unreachable } from '../receiver/call.ts'

/** Why the page cannot go on, as the receiver's answer says. */
export type Trouble =
  | { kind: 'passcode'; wrong: boolean }
  | { kind: 'ended' }
  | { kind: 'unreachable' }
  | { kind: 'refused'; code: string; why: string | undefined }

/** @throws what is no answer, and no lack of one, but a mistake of this page */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Unreachable) return { kind: 'unreachable' }
  if (!(error instanceof Refused)) throw error
  switch (error.code) {
    case 'passcode-required':
      return { kind: 'passcode', wrong: false }
    case 'passcode-wrong':
      return { kind: 'passcode', wrong: true }
    case 'link-invalid':
      return { kind: 'ended' }
    default:
      return { kind: 'refused', code: error.code, why: error.why }
  }
}
