import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import { CallFailed } from '../helper/call-failed.ts'
import type { Extent } from '../notes/library.ts'
import { status } from '../notes/status.ts'
import type { Run } from './run.ts'

/** The session in which Domino hands out the extents of its log. Nobody else archives as long as it is held. */
export class Archiver {
  readonly #run: Pick<Run, 'helper' | 'patience' | 'context'>
  #held = false

  constructor(run: Pick<Run, 'helper' | 'patience' | 'context'>) {
    this.#run = run
  }

  /** Waits while another program archives. @returns the extents that wait, in their order. @throws Failure `domino-archiver` */
  async begin(): Promise<Extent[]> {
    const { helper, context, patience } = this.#run
    const { signal } = context
    for (let attempt = 1; ; attempt++) {
      try {
        await helper.ask('begin-archiving', {}, { signal })
        this.#held = true
        return await helper.ask('waiting-extents', {}, { signal })
      } catch (error) {
        const taken = error instanceof CallFailed && error.status === status.archiveInProgress
        if (!taken) throw error
        if (attempt >= patience.attempts)
          throw new Failure('domino-archiver', 'Another program archives the transaction log', {
            why: error.message,
            fix: 'Only one program may: end the other one, or let it do all of it and schedule only full backups here',
            retriable: true,
            cause: error,
          })
        await setTimeout(patience.pause, undefined, { signal })
      }
    }
  }

  async end(): Promise<void> {
    if (!this.#held) return
    this.#held = false
    // Its process holds it, and may be gone.
    await this.#run.helper.ask('end-archiving', {}).catch(() => {})
  }
}
