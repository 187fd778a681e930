import { Refused, Unreachable } from '../../receiver/call.ts'

/** Why something was not answered or not done. */
export type Trouble =
  | { kind: 'ended' }
  | { kind: 'unreachable' }
  | { kind: 'refused'; code: string; why: string | undefined }

/** @throws what is no answer, and no lack of one, but a mistake of this page */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Unreachable) return { kind: 'unreachable' }
  if (!(error instanceof Refused)) throw error
  return error.code === 'link-invalid' ? { kind: 'ended' } : { kind: 'refused', code: error.code, why: error.why }
}
