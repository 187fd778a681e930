import { z } from 'zod'
import type { Question } from '../access.ts'
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
  Principal: z.union([z.literal('*'), z.strictObject({ AWS: oneOrMore })]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).default({}),
})

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
  const principals = Principal === undefined || Principal === '*' ? ['*'] : Principal.AWS
  for (const text of [...Action, ...Resource, ...principals, ...Object.values(Condition).flatMap(Object.values).flat()])
    if (text.includes('${')) throw new Error(`${owner}: policy variables are not known here: ${text}`)
  for (const principal of principals)
    if (principal !== '*' && !/^arn:[^:]+:iam::[^:]+:role\/[^*?]+$/.test(principal))
      throw new Error(`${owner}: only '*' and the ARN of a role are known as a Principal, not ${principal}`)
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
