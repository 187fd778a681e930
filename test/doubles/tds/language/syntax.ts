/** The statements and expressions that the double understands, as the parser hands them on. */

export interface TypeName {
  name: string
  /** `max` is -1. */
  arguments: number[]
}

export type Expression =
  | { kind: 'literal'; type: 'string' | 'national' | 'number' | 'binary' | 'null'; text: string }
  | { kind: 'variable'; name: string }
  | { kind: 'column'; path: string[] }
  | { kind: 'call'; path: string[]; arguments: Expression[]; star: boolean }
  | { kind: 'convert'; type: TypeName; value: Expression; style: Expression | null; attempt: boolean }
  | { kind: 'operator'; operator: '+' | '-' | '*' | '/' | '%' | '&' | '|'; left: Expression; right: Expression }
  | { kind: 'negative'; value: Expression }
  | {
      kind: 'case'
      subject: Expression | null
      branches: { when: Condition; value: Expression }[]
      otherwise: Expression | null
    }
  | { kind: 'subquery'; select: Select }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Condition =
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not'; condition: Condition }
  | { kind: 'compare'; operator: Comparison; left: Expression; right: Expression }
  | { kind: 'in'; value: Expression; list: Expression[] | Select }
  | { kind: 'is-null'; value: Expression }
  | { kind: 'like'; value: Expression; pattern: Expression; escape: Expression | null }
  | { kind: 'between'; value: Expression; low: Expression; high: Expression }
  | { kind: 'exists'; select: Select }

export interface SelectItem {
  /** `*`, or `alias.*` with the alias as its path. */
  star: boolean
  path: string[]
  value: Expression | null
  alias: string | null
  /** SELECT @x = … */
  variable: string | null
}

export interface Source {
  join: 'from' | 'inner' | 'left' | 'cross' | 'cross-apply' | 'outer-apply'
  table:
    | { kind: 'table'; path: string[] }
    | { kind: 'function'; path: string[]; arguments: Expression[] }
    | { kind: 'select'; select: Select }
    | { kind: 'variable'; name: string }
  alias: string | null
  on: Condition | null
}

export interface Order {
  value: Expression
  descending: boolean
}

export interface Select {
  kind: 'select'
  distinct: boolean
  top: Expression | null
  items: SelectItem[]
  sources: Source[]
  where: Condition | null
  groupBy: Expression[]
  having: Condition | null
  orderBy: Order[]
  /** UNION ALL. */
  union: Select | null
}

/** A name or a value where BACKUP and RESTORE take either. */
export type NameOrVariable = { kind: 'name'; name: string } | { kind: 'variable'; name: string }

/** One option behind WITH, such as `STATS = 5` or `MOVE 'a' TO 'b'`. */
export interface WithOption {
  name: string
  value: Expression | null
  /** MOVE … TO …; STOPATMARK … AFTER …. */
  second: Expression | null
}

/** Where a backup is written to or read from. */
export interface DeviceName {
  medium: 'DISK' | 'URL'
  name: Expression
}

export interface ColumnDefinition {
  name: string
  type: TypeName
}

export type Statement =
  | Select
  | { kind: 'backup'; what: 'DATABASE' | 'LOG'; database: NameOrVariable; devices: DeviceName[]; options: WithOption[] }
  | {
      kind: 'restore'
      what: 'DATABASE' | 'LOG' | 'HEADERONLY' | 'FILELISTONLY' | 'VERIFYONLY' | 'LABELONLY'
      database: NameOrVariable | null
      devices: DeviceName[]
      options: WithOption[]
    }
  | { kind: 'use'; database: string }
  | { kind: 'set-option' }
  | { kind: 'set-variable'; name: string; value: Expression }
  | { kind: 'declare'; name: string; type: TypeName; value: Expression | null }
  | { kind: 'declare-table'; name: string; columns: ColumnDefinition[] }
  | { kind: 'create-table'; name: string; columns: ColumnDefinition[] }
  | { kind: 'drop-table'; name: string; ifExists: boolean }
  | { kind: 'insert'; table: NameOrVariable; columns: string[]; source: Insertion }
  | { kind: 'kill'; id: Expression }
  | { kind: 'alter-database'; database: string; set: string[] }
  | { kind: 'drop-database'; database: string; ifExists: boolean }
  | { kind: 'create-credential'; name: string; identity: string; secret: string }
  | { kind: 'drop-credential'; name: string }
  | { kind: 'create-login'; name: string; password: string }
  | { kind: 'drop-login'; name: string }
  | { kind: 'create-user'; name: string; login: string }
  | { kind: 'drop-user'; name: string }
  | { kind: 'add-member'; role: string; member: string }
  | { kind: 'grant'; permissions: string[]; object: string | null; to: string }
  | { kind: 'check-database'; database: NameOrVariable | null }
  | Execute
  | { kind: 'if'; condition: Condition; body: Statement; otherwise: Statement | null }
  | { kind: 'block'; statements: Statement[] }
  | { kind: 'print'; value: Expression }
  | { kind: 'transaction'; action: 'begin' | 'commit' | 'rollback' }

export type Insertion =
  | { kind: 'values'; rows: Expression[][] }
  | { kind: 'select'; select: Select }
  | { kind: 'execute'; execute: Execute }

export type Execute =
  | { kind: 'execute-text'; text: Expression }
  | { kind: 'execute'; path: string[]; arguments: { name: string | null; value: Expression }[] }
