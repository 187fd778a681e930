/** One database could not be backed up; the others can. */
export class ItemFailed extends Error {
  readonly code: string

  constructor(code: string, reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'ItemFailed'
    this.code = code
  }
}

/** The backup is sound, but does not belong to the chain it was taken for. */
export class NotContinued extends ItemFailed {
  constructor(reason: string) {
    super('database-chain', reason)
  }
}
