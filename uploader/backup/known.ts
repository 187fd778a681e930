import { Failure } from '../../shared/failure.ts'
import type { KnownSource } from '../state/known-source.ts'

/** A source at the receiver, with the heads where they are known from the run before. */
export type AtReceiver = Omit<KnownSource, 'heads'> & Partial<Pick<KnownSource, 'heads'>>

/** What was known from the run before holds no more: the receiver is asked, and the run begins again. */
export class KnownOutdated extends Failure {
  constructor(why: string, cause?: unknown) {
    super('known-outdated', 'The source is not at the receiver as the run before had left it', {
      why,
      fix: 'Run the backup again',
      retriable: true,
      cause,
    })
  }
}
