import { text } from '../definitions/text.ts'
import { ServerError } from '../wire/server-error.ts'
import type { Taking } from './moment.ts'

/**
 * XA transactions that are prepared and wait for their end. What they wrote stands in the log where they were prepared, before the moment, and
 * no snapshot sees it: a log that is replayed from the moment on would hold their end and nothing that it could end. Empty where no log is
 * written, or where the account may not see them (MySQL 8: XA_RECOVER_ADMIN).
 */
export async function preparedTransactions({ control, inventory }: Taking): Promise<string[]> {
  if (inventory.logBase === null) return []
  const rows = await control.query('XA RECOVER').catch(error => {
    if (!(error instanceof ServerError && error.errno === mayNotRecover)) throw error
    return []
  })
  return rows.map(row => text(row, 'data'))
}

/** ER_XAER_RMERR, whose text says that a right is missing. */
const mayNotRecover = 1401
