import type { AccessControl } from '../../access.ts'
import { DynamodbError } from './error.ts'
import type { Need } from './operation.ts'

/** @throws AccessDeniedException for the first need that is not allowed */
export function authorize(access: AccessControl, principal: string, needs: Need[]): void {
  for (const need of needs) {
    const action = `dynamodb:${need.action}`
    const context: Record<string, string[]> = need.leadingKeys ? { 'dynamodb:leadingkeys': need.leadingKeys } : {}
    const decision = access.authorize({ principal, action, resource: need.resource, context })
    if (!decision.allowed)
      throw new DynamodbError(
        'AccessDeniedException',
        `User: ${principal} is not authorized to perform: ${action} on resource: ${need.resource} because ${decision.reason}`,
      )
  }
}
