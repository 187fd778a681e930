import { DynamodbError } from '../protocol/error.ts'

/** Why one part of a transaction did not go through; `None` for a part that would have. */
export interface Reason {
  Code: 'None' | 'ConditionalCheckFailed' | 'ValidationError'
  Message?: string
  Item?: unknown
}

/** @param reasons one per part, in the order of the request */
export function cancelled(reasons: Reason[]): DynamodbError {
  const codes = reasons.map(({ Code }) => Code).join(', ')
  return new DynamodbError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  )
}
