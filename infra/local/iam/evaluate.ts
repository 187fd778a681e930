import type { Decision, Question } from '../access.ts'
import type { Statement } from './statement.ts'

/**
 * AWS's order within one account: an explicit deny wins, then any allow, else it is denied. What cannot be judged counts against
 * the caller: an unknown Deny applies, an unknown Allow does not.
 */
export function evaluate(question: Question, principalArn: string, statements: Statement[]): Decision {
  const about = `${principalArn} is not authorized to perform: ${question.action} on resource: "${question.resource}"`
  let allowed = false
  for (const statement of statements) {
    const verdict = statement.applies(question, principalArn)
    if (statement.effect === 'Deny' && verdict !== 'no')
      return { allowed: false, reason: `${about} with an explicit deny (${statement.name})` }
    if (statement.effect === 'Allow' && verdict === 'yes') allowed = true
  }
  return allowed
    ? { allowed }
    : { allowed: false, reason: `${about} because no policy allows the ${question.action} action` }
}
