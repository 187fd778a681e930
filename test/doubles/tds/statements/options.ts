import type { WithOption } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import type { SqlValue } from '../query/types.ts'
import type { Execution } from './execution.ts'

/** What MOVE says, by the logical name in lower case. */
export type Moves = Map<string, { logicalName: string; physicalName: string }>

/** The options behind WITH, with their values. */
export class Options {
  readonly #options: WithOption[]
  readonly #execution: Execution

  constructor(options: WithOption[], execution: Execution) {
    this.#options = options
    this.#execution = execution
  }

  has(name: string): boolean {
    return this.#options.some(option => option.name === name)
  }

  /** Null where the option is missing, or has no value. */
  value(name: string): SqlValue {
    const option = this.#options.find(each => each.name === name)
    return option?.value ? this.#execution.value(option.value) : null
  }

  text(name: string): string | null {
    const value = this.value(name)
    return value === null ? null : String(value)
  }

  number(name: string): number | null {
    const value = this.value(name)
    return value === null ? null : Number(value)
  }

  /** Every how many percent progress is told; null: not at all. Source: Microsoft, "BACKUP (Transact-SQL)", STATS. */
  get stats(): number | null {
    if (!this.has('STATS')) return null
    return this.number('STATS') ?? 10
  }

  get moves(): Moves {
    const pairs = this.#options.flatMap(({ name, value, second }) => {
      if (name !== 'MOVE') return []
      const logicalName = String(this.#execution.value(value!))
      return [
        [logicalName.toLowerCase(), { logicalName, physicalName: String(this.#execution.value(second!)) }] as const,
      ]
    })
    return new Map(pairs)
  }

  /** @throws SqlError 3031 for both at once */
  exclusive(one: string, other: string): void {
    if (this.has(one) && this.has(other)) throw refused(3031, one, other)
  }
}
