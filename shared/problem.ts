import { z } from 'zod'
import { Failure } from './failure.ts'

/**
 * Every refusal of the receiver is an RFC 9457 problem document with one of these codes. A code, once released, keeps its meaning.
 * What belongs to someone else and what does not exist answer alike: `not-found`.
 */
export const problems = {
  'invalid-request': { status: 400, title: 'The request is not valid', retriable: false },
  'proof-invalid': { status: 401, title: 'The request is not signed by a known agent', retriable: false },
  'proof-replayed': { status: 401, title: 'This signed request was already used', retriable: true },
  'clock-skew': { status: 401, title: 'The clock of this machine is too far off', retriable: true },
  'agent-revoked': { status: 403, title: 'This agent was revoked', retriable: false },
  'tenant-suspended': { status: 403, title: 'This tenant is suspended', retriable: false },
  'token-invalid': { status: 403, title: 'The enrolment token is unknown, used or expired', retriable: false },
  'link-invalid': { status: 403, title: 'The link is unknown, expired, used up or revoked', retriable: false },
  'passcode-required': { status: 403, title: 'The restore link wants a passcode', retriable: false },
  'passcode-wrong': { status: 403, title: 'The passcode is wrong', retriable: false },
  'address-refused': { status: 403, title: 'The restore link cannot be used from this address', retriable: false },
  'out-of-scope': { status: 403, title: 'The restore link does not cover this', retriable: false },
  'not-found': { status: 404, title: 'There is no such thing here', retriable: false },
  'promotion-needed': { status: 409, title: 'A log backup alone would not be restorable', retriable: false },
  'lane-held': { status: 409, title: 'Another run holds this source', retriable: false },
  'lease-stale': { status: 409, title: 'The lease of this run has ended', retriable: false },
  'snapshot-state': { status: 409, title: 'The snapshot is not in the state this call needs', retriable: false },
  'head-moved': { status: 409, title: 'Another snapshot was committed meanwhile', retriable: false },
  'pack-mismatch': { status: 409, title: 'A pack in the vault is not what the manifest says', retriable: false },
  'customer-key-differs': { status: 409, title: 'Another customer key is on record for this agent', retriable: false },
  'name-taken': { status: 409, title: 'The name is taken', retriable: false },
  'not-restorable': { status: 409, title: 'That moment cannot be restored', retriable: false },
  'manifest-invalid': { status: 422, title: 'The manifest is not valid', retriable: false },
  'quota-exceeded': { status: 429, title: 'The quota is used up', retriable: false },
  'body-too-large': { status: 413, title: 'The request is too large', retriable: false },
  throttled: { status: 429, title: 'Too many requests', retriable: true },
  internal: { status: 500, title: 'The receiver failed', retriable: true },
} as const satisfies Record<string, { status: number; title: string; retriable: boolean }>

export type ProblemCode = keyof typeof problems

export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string().optional(),
  fix: z.string().optional(),
})
export type Problem = z.infer<typeof Problem>

/** A refusal, on the side that makes it and, parsed again, on the side that receives it. */
export class ProblemError extends Failure {
  readonly status: number
  readonly extra: Record<string, unknown>

  constructor(
    code: ProblemCode,
    detail?: string,
    options: { fix?: string; cause?: unknown; extra?: Record<string, unknown> } = {},
  ) {
    const { status, title, retriable } = problems[code]
    super(code, title, { why: detail, fix: options.fix, retriable, cause: options.cause })
    this.name = 'ProblemError'
    this.status = status
    this.extra = options.extra ?? {}
  }

  toDocument(): Problem {
    return {
      type: `urn:failsafe:problem:${this.code}`,
      title: this.message,
      status: this.status,
      code: this.code,
      ...(this.why === undefined ? {} : { detail: this.why }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
      ...this.extra,
    }
  }

  /** From a received document. An unknown code becomes `internal` for a 5xx and `invalid-request` otherwise. */
  static fromDocument(document: Problem): ProblemError {
    const { type: _type, title: _title, status, code, detail, fix, ...extra } = document
    const known: ProblemCode = code in problems ? (code as ProblemCode) : status >= 500 ? 'internal' : 'invalid-request'
    return new ProblemError(known, detail, { ...(fix === undefined ? {} : { fix }), extra })
  }
}
