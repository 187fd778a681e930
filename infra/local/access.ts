import type { Credential } from '../../shared/sigv4/credential.ts'

/**
 * Who may do what in the embedded cloud. The stand-ins of S3 and DynamoDB ask this for every request; the host answers from
 * the roles and resource policies of the synthesized template.
 */
export interface AccessControl {
  /** What belongs to an access key, or undefined for a key nobody issued. */
  credential(accessKeyId: string): Credential | undefined
  /** Decides one action on one resource. Anything it does not understand is denied. */
  authorize(question: Question): Decision
}

export interface Question {
  principal: string
  /** AWS's own name of the permission, e.g. `s3:GetObject` for HeadObject. */
  action: string
  /** The ARN asked for, e.g. `arn:aws:s3:::vault/packs/x`. */
  resource: string
  /** Condition keys as AWS names them, in lower case (`s3:signatureage`, `aws:securetransport`, `dynamodb:leadingkeys`). */
  context: Record<string, string[]>
}

export type Decision = { allowed: true } | { allowed: false; reason: string }
