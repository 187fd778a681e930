import { Failure } from '../../shared/failure.ts'
import type { Finding } from './engine.ts'

/** A Failure that a run would end with, as a grave finding. @throws anything else */
export function findingOf(error: unknown): Finding {
  if (!(error instanceof Failure)) throw error
  const { code, message, why = '', fix = '' } = error
  return { code, grave: true, what: message, why, fix }
}
