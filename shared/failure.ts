/**
 * The one error a person is shown: what happened, why, and what to do next, under a stable code.
 * Whether trying again can help is decided where the error is born.
 */
export class Failure extends Error {
  readonly code: string
  readonly why: string | undefined
  readonly fix: string | undefined
  readonly retriable: boolean

  /** @param what one sentence without a full stop */
  constructor(
    code: string,
    what: string,
    options: { why?: string | undefined; fix?: string | undefined; retriable?: boolean; cause?: unknown } = {},
  ) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.why = options.why
    this.fix = options.fix
    this.retriable = options.retriable ?? false
  }

  /** `what: why. fix` on one line. */
  get line(): string {
    const head = this.why ? `${this.message}: ${this.why}` : this.message
    return this.fix ? `${head.replace(/\.$/, '')}. ${this.fix}` : head
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
