import { ProblemError } from '../../shared/problem.ts'

/** What lies in the vault is not what was said. Asking again cannot help. */
export function packMismatch(n: number, why: string): ProblemError {
  return new ProblemError('pack-mismatch', `pack ${n}: ${why}`, { extra: { pack: n }, fix: 'Run the backup again' })
}

export function manifestInvalid(why: string, cause?: unknown): ProblemError {
  return new ProblemError('manifest-invalid', why, cause === undefined ? {} : { cause })
}
