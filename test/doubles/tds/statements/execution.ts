import type { Expression, NameOrVariable } from '../language/syntax.ts'
import type { Instance, Visitor } from '../model/instance.ts'
import type { Message } from '../model/messages.ts'
import type { Result } from '../query/table.ts'
import type { SqlValue } from '../query/types.ts'
import type { Mounts } from './device.ts'

/** Where a statement's answers go, in their order. */
export interface Output {
  /** Goes out at once: progress must be seen while a statement runs. */
  message(message: Message): void
  result(result: Result): void
  /** A statement has ended. @param rows that it returned or changed, null where none are counted */
  done(rows: number | null): void
  databaseChanged(name: string, before: string): void
}

/** What BACKUP and RESTORE need of the session that runs them. */
export interface Execution {
  instance: Instance
  visitor: Visitor
  inTransaction: boolean
  mounts: Mounts
  output: Output
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal
  value(expression: Expression): SqlValue
  name(name: NameOrVariable): string
  /** How far the statement is, from 0 to 100. Faults strike here: it may wait, and it may throw. */
  progress(percent: number): Promise<void>
}
