/** One database of several could not be backed up; the others can. */
export class ItemFailed extends Error {
  readonly code: string

  constructor(code: string, reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'ItemFailed'
    this.code = code
  }
}
