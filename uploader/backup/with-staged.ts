import { Failure } from '../../shared/failure.ts'

/** Whether the next run may succeed where this one failed, with the very same parts. */
export function mayPass(error: unknown): error is Failure {
  return error instanceof Failure && error.retriable && !error.code.startsWith('staging-')
}

/** The same failure, of a run that has staged everything. */
export function withStaged({ code, message, why, cause }: Failure): Failure {
  return new Failure(code, message, {
    why,
    fix: 'Run the backup again: all that it needs is staged, and is sent first',
    retriable: true,
    cause,
  })
}
