import { ProblemError } from '../../shared/problem.ts'

/** A refusal says that there is nothing left to end: the snapshot is gone, committed, or another run's business by now. Not so one that refuses the agent. */
export async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ProblemError && !error.retriable && error.status !== 401 && error.status !== 403)
      return undefined
    throw error
  }
}
