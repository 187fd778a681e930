import { randomBytes } from 'node:crypto'
import type { Credential } from '../../../shared/sigv4/credential.ts'
import type { AccessControl } from '../access.ts'
import type { Plan } from '../plan/plan.ts'
import { evaluate } from './evaluate.ts'
import { compileStatement, type Statement } from './statement.ts'

export interface KeyPair {
  accessKeyId: string
  secretAccessKey: string
}
export type SessionKeys = KeyPair & { sessionToken: string }

export interface Access extends AccessControl {
  /** Keys of a role, as Lambda would hand them to the function. They live as long as the process. */
  keysOf(roleArn: string): SessionKeys
}

/** Who owns the account: may do all that no resource policy denies. */
export const administrator = 'administrator'

/**
 * Access control from the roles and the policies of buckets and topics of the template.
 * @param admins keys of whoever owns the account
 * @throws Error for a policy that cannot be judged
 */
export function makeAccess(plan: Plan, account: string, admins: KeyPair[]): Access {
  const identity = new Map<string, Statement[]>()
  const credentials = new Map<string, Credential>()
  const keys = new Map<string, SessionKeys>()
  const adminArn = `arn:aws:iam::${account}:user/${administrator}`
  identity.set(adminArn, [compileStatement({ Effect: 'Allow', Action: '*', Resource: '*' }, 'identity', administrator)])
  for (const { accessKeyId, secretAccessKey } of admins)
    credentials.set(accessKeyId, { secretAccessKey, principal: adminArn })
  for (const { logicalId, arn, properties } of plan.roles) {
    identity.set(
      arn,
      properties.Policies.flatMap(({ PolicyDocument }) =>
        PolicyDocument.Statement.map(statement => compileStatement(statement, 'identity', logicalId)),
      ),
    )
    const session = newSession()
    keys.set(arn, session)
    credentials.set(session.accessKeyId, { ...session, principal: arn })
  }
  /** By the ARN of the bucket or topic that they are attached to. */
  const attached = new Map<string, Statement[]>()
  const attach = (arn: string, logicalId: string, document: { Statement: unknown[] }) =>
    attached.set(
      arn,
      document.Statement.map(statement => compileStatement(statement, 'resource', logicalId)),
    )
  for (const { logicalId, properties } of plan.bucketPolicies)
    for (const bucket of plan.buckets)
      if (bucket.name === properties.Bucket) attach(bucket.arn, logicalId, properties.PolicyDocument)
  for (const { logicalId, properties } of plan.topicPolicies)
    for (const topic of properties.Topics) attach(topic, logicalId, properties.PolicyDocument)
  return {
    credential: accessKeyId => credentials.get(accessKeyId),
    authorize: question => {
      const own = identity.get(question.principal) ?? []
      const ofResource = attached.get(/^arn:[^:]+:s3:::[^/]+/.exec(question.resource)?.[0] ?? question.resource) ?? []
      return evaluate(question, question.principal, [...ofResource, ...own])
    },
    keysOf: roleArn => {
      const session = keys.get(roleArn)
      if (!session) throw new Error(`there is no role ${roleArn} in the template`)
      return session
    },
  }
}

function newSession(): SessionKeys {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(48).toString('base64'),
  }
}
