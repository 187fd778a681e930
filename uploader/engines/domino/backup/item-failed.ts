/** One database could not be backed up; the others can. */
export class ItemFailed extends Error {
  readonly code: string

  constructor(code: string, reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'ItemFailed'
    this.code = code
  }
}

/** The same may go well a little later. */
export class ItemBusy extends ItemFailed {}
