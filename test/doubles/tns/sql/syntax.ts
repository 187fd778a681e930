import type { TypeName, Value } from '../value.ts'

export type BinaryOperator = '=' | '<>' | '<' | '>' | '<=' | '>=' | '+' | '-' | '*' | '/' | '||' | 'AND' | 'OR'

export type Expression =
  | { kind: 'literal'; value: Value; type: TypeName }
  | { kind: 'column'; table: string | null; name: string; at: number }
  /** `index` is its place among the values that the client sends. */
  | { kind: 'bind'; name: string; index: number }
  | { kind: 'call'; name: string; args: Expression[]; star: boolean; distinct: boolean; at: number }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'not'; of: Expression }
  | { kind: 'negative'; of: Expression }
  | { kind: 'in'; of: Expression; list: Expression[] | Query; negated: boolean }
  | { kind: 'between'; of: Expression; low: Expression; high: Expression; negated: boolean }
  | { kind: 'like'; of: Expression; pattern: Expression; escape: Expression | null; negated: boolean }
  | { kind: 'null'; of: Expression; negated: boolean }
  | {
      kind: 'case'
      subject: Expression | null
      whens: { when: Expression; gives: Expression }[]
      otherwise: Expression | null
    }
  | { kind: 'query'; query: Query }
  | { kind: 'exists'; query: Query }

export type SelectItem = { kind: 'all'; table: string | null } | { kind: 'value'; expression: Expression; name: string }

export interface Source {
  /** A view by its name, or a query in parentheses. */
  from: { kind: 'name'; name: string; at: number } | { kind: 'query'; query: Query }
  alias: string
  join: 'inner' | 'left'
  on: Expression | null
}

export interface Query {
  distinct: boolean
  items: SelectItem[]
  sources: Source[]
  where: Expression | null
  groupBy: Expression[]
  having: Expression | null
  orderBy: { by: Expression; descending: boolean; nullsFirst: boolean | null }[]
  /** FETCH FIRST n ROWS ONLY. */
  first: Expression | null
  /** What UNION ALL or UNION adds, before the order is made. */
  union: { all: boolean; query: Query } | null
}
