import type { MessageNumber } from '../messages.ts'
import { refused } from '../sql-error.ts'

/** One reason for which SQL Server refuses a statement. */
export interface Rule<Facts> {
  number: MessageNumber
  /** Title of Microsoft's page, or the part of the engine reference. */
  source: string
  applies(facts: Facts): boolean
  /** What the message names. */
  values?(facts: Facts): (string | number | bigint)[]
}

/** @throws SqlError of the first rule that applies */
export function check<Facts>(rules: Rule<Facts>[], facts: Facts): void {
  const rule = rules.find(each => each.applies(facts))
  if (rule) throw refused(rule.number, ...(rule.values?.(facts) ?? []))
}
