import { z } from 'zod'
import type { Question } from '../access.ts'
import { actions as everyAction } from './actions.ts'
import { type Condition, compileCondition, type Verdict } from './condition.ts'
import { compilePattern } from './pattern.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const oneOrMore = z.union([scalar.transform(value => [value]), z.array(scalar).min(1)])

/** The forms of a statement that we can judge. NotAction, NotResource, NotPrincipal and anything else are refused when loading. */
const StatementDocument = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore,
  Resource: oneOrMore,
  Principal: z
    .union([z.literal('*'), z.strictObject({ AWS: oneOrMore }), z.strictObject({ Service: oneOrMore })])
    .optional(),
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).default({}),
})

const knownPrincipals = [/^\*$/, /^arn:[^:]+:iam::[^:]+:role\/[^*?]+$/, /^[a-z0-9-]+\.amazonaws\.com$/]
const knownResources = [
  /^\*$/,
  /^arn:[^:]+:s3:::[^:]+$/,
  /^arn:[^:]+:dynamodb:[^:]*:\d*:table\/[^/:]+(\/index\/[^/:]+)?$/,
  /^arn:[^:]+:sns:[^:]*:\d*:[^:]+$/,
  /^arn:[^:]+:kms:[^:]*:\d*:key\/[^/:]+$/,
  /^arn:[^:]+:logs:[^:]*:\d*:log-group:[^:]+:\*$/,
]

export interface Statement {
  /** What a refusal calls it. */
  name: string
  effect: 'Allow' | 'Deny'
  /** @param principalArn of who asks */
  applies(question: Question, principalArn: string): Verdict
}

/**
 * @param kind an identity policy must not name a principal, a resource policy must
 * @throws Error for a form of statement that is not known
 */
export function compileStatement(document: unknown, kind: 'identity' | 'resource', owner: string): Statement {
  const parsed = StatementDocument.safeParse(document)
  if (!parsed.success) throw new Error(`${owner}: unknown form of statement: ${z.prettifyError(parsed.error)}`)
  const { Sid, Effect, Action, Resource, Principal, Condition } = parsed.data
  if ((Principal === undefined) !== (kind === 'identity'))
    throw new Error(`${owner}: a statement of an ${kind} policy ${Principal ? 'has no' : 'needs a'} Principal`)
  const principals = principalsOf(Principal)
  for (const text of [...Action, ...Resource, ...principals, ...Object.values(Condition).flatMap(Object.values).flat()])
    if (text.includes('${')) throw new Error(`${owner}: policy variables are not known here: ${text}`)
  for (const principal of principals)
    if (!knownPrincipals.some(form => form.test(principal)))
      throw new Error(`${owner}: only '*', the ARN of a role and a service are known as a Principal, not ${principal}`)
  for (const action of Action)
    if (!everyAction.some(name => compilePattern(action, 'i').test(name)))
      throw new Error(`${owner}: AWS has no action ${action}, or it is not known here`)
  for (const resource of Resource)
    if (!knownResources.some(form => form.test(resource)))
      throw new Error(`${owner}: unknown form of resource: ${resource}`)
  const actions = Action.map(action => compilePattern(action, 'i'))
  const resources = Resource.map(resource => compilePattern(resource))
  const condition: Condition = compileCondition(Condition)
  return {
    name: Sid ?? `a statement of ${owner}`,
    effect: Effect,
    applies: ({ action, resource, context }, principalArn) => {
      const named =
        (principals.includes('*') || principals.includes(principalArn)) &&
        actions.some(pattern => pattern.test(action)) &&
        resources.some(pattern => pattern.test(resource))
      return named ? condition(context) : 'no'
    },
  }
}

function principalsOf(principal: z.infer<typeof StatementDocument>['Principal']): string[] {
  if (principal === undefined || principal === '*') return ['*']
  return 'AWS' in principal ? principal.AWS : principal.Service
}
