import type { Expression, Query } from '../sql/syntax.ts'
import type { TypeName } from '../value.ts'

/** A variable of the block, or one of the client's. */
export type Target = { kind: 'variable'; name: string } | { kind: 'bind'; index: number }

export interface Argument {
  /** null where it is told by its place. */
  name: string | null
  expression: Expression
}

export type Statement =
  | { kind: 'assign'; target: Target; value: Expression }
  | { kind: 'call'; procedure: string; args: Argument[] }
  | { kind: 'if'; branches: { condition: Expression | null; body: Statement[] }[] }
  | { kind: 'execute'; sql: Expression }
  | { kind: 'select'; query: Query; into: Target[] }
  | { kind: 'block'; block: Block }
  | { kind: 'null' }

export interface Block {
  variables: { name: string; type: TypeName; value: Expression | null }[]
  body: Statement[]
  /** What WHEN OTHERS does; null where errors go on. */
  others: Statement[] | null
}
