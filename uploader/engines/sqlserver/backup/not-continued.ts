import { ItemFailed } from '../../item-failed.ts'

/** The backup is sound, but does not belong to the chain it was taken for. */
export class NotContinued extends ItemFailed {
  constructor(reason: string) {
    super('database-chain', reason)
  }
}
