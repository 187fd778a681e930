/** Why a restore in the page went no further. */
export type OpeningCode =
  /** The text is neither a recovery kit nor an identity file of age, or it is damaged. No use of the link was consumed. */
  | 'identity-invalid'
  /** It is an identity, of somebody else or of another time. */
  | 'identity-does-not-open'
  /** What the receiver said is not what a trusted agent signed, or no unbroken chain. */
  | 'manifest-untrusted'
  | 'index-damaged'
  | 'artefact-damaged'
  | 'pack-damaged'
  /** Trying again later can help. */
  | 'network'
  /** A newer version of the page was deployed, and the rest of this one is gone: it has to be loaded again. */
  | 'outdated'
  /** Unknown, expired, used up or revoked. */
  | 'link-invalid'
  /** The link's budget of bytes is used up, or that of whoever made it. */
  | 'quota-exceeded'
  /** Wrong, or missing. */
  | 'passcode-wrong'
  /** Nothing leads to the moment. */
  | 'not-restorable'
  /** The receiver refused for another reason. */
  | 'refused'

export class OpeningError extends Error {
  readonly code: OpeningCode
  readonly why: string | undefined

  /** @param what one sentence without a full stop */
  constructor(code: OpeningCode, what: string, why?: string) {
    super(what)
    this.name = 'OpeningError'
    this.code = code
    this.why = why
  }
}

/** On the side of the page, where an error is one that it knows, or of the browser. */
export function asPlainError(error: unknown): OpeningError {
  if (error instanceof OpeningError) return error
  return new OpeningError('refused', error instanceof Error ? error.message : String(error))
}
