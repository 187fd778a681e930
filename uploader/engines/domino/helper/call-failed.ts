/** Something that the helper was asked for did not succeed. */
export class CallFailed extends Error {
  /** Of the Notes API, where it came from there. */
  readonly status: number | undefined
  /** `ENOSPC` and the like, or `library`. */
  readonly code: string | undefined
  /** A function that the library does not have. */
  readonly missing: string | undefined

  constructor(
    message: string,
    { status, code, missing }: { status?: number | undefined; code?: string | undefined; missing?: string | undefined },
  ) {
    super(message)
    this.name = 'CallFailed'
    this.status = status
    this.code = code
    this.missing = missing
  }
}

/** The helper died, or says nothing any more: whatever it held went with it. */
export class HelperLost extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'HelperLost'
  }
}
