import { globalVariable, serverFunctions } from '../catalog/functions.ts'
import { viewFunction, viewFunctionShape, viewOf } from '../catalog/views.ts'
import { parseBatch } from '../language/parse-statement.ts'
import type {
  ColumnDefinition,
  Condition,
  Expression,
  Insertion,
  NameOrVariable,
  Select,
  Statement,
} from '../language/syntax.ts'
import { hasRole } from '../model/rights.ts'
import { refused, SqlError } from '../model/sql-error.ts'
import { nowhere } from '../query/compile.ts'
import type { Context, ScalarFunction, Variable } from '../query/context.ts'
import { convert } from '../query/convert.ts'
import { functions } from '../query/functions.ts'
import { compileQuery, compilerFor } from '../query/select.ts'
import { type Result, type Table, tableOf } from '../query/table.ts'
import { type SqlType, type SqlValue, typeOf } from '../query/types.ts'
import { addMember, createLogin, createUser, dropLogin, dropUser, grant } from '../statements/accounts.ts'
import { alterDatabase, dropDatabase, kill } from '../statements/alter.ts'
import { runBackup } from '../statements/backup.ts'
import { createCredential, dropCredential } from '../statements/credential.ts'
import type { Mounts } from '../statements/device.ts'
import type { Execution, Output } from '../statements/execution.ts'
import { readBackup } from '../statements/read-media.ts'
import { runRestore } from '../statements/restore.ts'
import { type Caller, execute } from './execute.ts'
import { type Inserter, insert, type TypedRow } from './insert.ts'
import type { Session } from './session.ts'

export type Variables = Map<string, Variable>

export interface Surroundings {
  mounts: Mounts
  signal: AbortSignal
  progress(percent: number): Promise<void>
}

/** A statement's errors were sent, and the rest of its batch does not run. */
export class BatchEnded extends Error {}

/** One batch of statements, with its variables. */
export class Batch implements Context, Caller, Inserter {
  readonly session: Session
  readonly output: Output
  readonly surroundings: Surroundings
  readonly variables: Variables
  readonly tables = new Map<string, Result>()
  readonly #functions: Record<string, ScalarFunction | undefined>
  /** Temporary tables that were made here. */
  readonly #made: string[] = []

  constructor(session: Session, output: Output, surroundings: Surroundings, variables: Variables = new Map()) {
    this.session = session
    this.output = output
    this.surroundings = surroundings
    this.variables = variables
    this.#functions = serverFunctions(session)
  }

  get caseSensitive(): boolean {
    return this.session.instance.caseSensitive
  }

  /**
   * Runs a text. Errors are sent. What a BACKUP or a RESTORE refuses ends that statement, any other error the batch.
   *
   * @throws BatchEnded
   */
  async run(text: string): Promise<void> {
    let statements: Statement[]
    try {
      statements = parseBatch(text)
    } catch (error) {
      throw this.#failed(error)
    }
    for (const statement of statements) await this.statement(statement)
  }

  /** Runs a text as a procedure does: its temporary tables end with it. Source: Microsoft, "CREATE TABLE (Transact-SQL)", temporary tables. */
  async runProcedure(text: string): Promise<void> {
    try {
      await this.run(text)
    } finally {
      for (const name of this.#made) this.session.temporary.delete(name)
    }
  }

  async statement(statement: Statement): Promise<void> {
    try {
      const rows = await this.#perform(statement)
      this.session.lastError = 0
      if (rows !== undefined) {
        this.session.rowCount = rows ?? 0
        this.output.done(rows)
      }
    } catch (error) {
      const ended = this.#failed(error)
      if (statement.kind !== 'backup' && statement.kind !== 'restore') throw ended
      this.output.done(null)
    }
  }

  /** Sends an error. */
  #failed(error: unknown): BatchEnded {
    if (!(error instanceof SqlError)) throw error
    for (const each of error.messages) this.output.message(each)
    this.session.lastError = error.messages.at(-1)!.number
    return new BatchEnded()
  }

  /** @returns rows that the statement counts, null where it counts none, undefined where it ends without a word */
  async #perform(statement: Statement): Promise<number | null | undefined> {
    const { session } = this
    const { instance } = session
    switch (statement.kind) {
      case 'select':
        return this.select(statement)
      case 'backup':
        await runBackup(statement, this.#execution())
        return null
      case 'restore':
        if (statement.what === 'DATABASE' || statement.what === 'LOG') {
          await runRestore(statement, this.#execution())
          return null
        }
        return readBackup(statement, statement.what, this.#execution())
      case 'use': {
        const before = session.use(statement.database)
        this.output.databaseChanged(session.database, before)
        return null
      }
      case 'set-option':
        return null
      case 'declare': {
        const type = typeOf(statement.type, 1)
        if (this.variables.has(statement.name.toLowerCase())) throw refused(134, statement.name)
        this.variables.set(statement.name.toLowerCase(), { type, value: null })
        if (statement.value) this.assign(statement.name, statement.value)
        return undefined
      }
      case 'set-variable':
        this.assign(statement.name, statement.value)
        return undefined
      case 'declare-table':
        this.tables.set(statement.name.toLowerCase(), emptyResult(statement.columns))
        return undefined
      case 'create-table':
        if (!statement.name.startsWith('#')) throw refused(262, 'CREATE TABLE', session.database)
        if (session.temporary.has(statement.name.toLowerCase())) throw refused(2714, statement.name)
        session.temporary.set(statement.name.toLowerCase(), emptyResult(statement.columns))
        this.#made.push(statement.name.toLowerCase())
        return null
      case 'drop-table':
        if (!session.temporary.delete(statement.name.toLowerCase()) && !statement.ifExists) {
          throw refused(3701, 'table', statement.name)
        }
        return null
      case 'insert':
        return insert(statement, this)
      case 'kill':
        kill(Number(this.value(statement.id)), instance, session)
        return null
      case 'alter-database':
        alterDatabase(statement, instance, session)
        return null
      case 'drop-database':
        dropDatabase(statement, instance, session)
        return null
      case 'create-credential':
        createCredential(statement, instance, session)
        return null
      case 'drop-credential':
        dropCredential(statement, instance, session)
        return null
      case 'create-login':
        createLogin(statement, instance, session)
        return null
      case 'drop-login':
        dropLogin(statement, instance, session)
        return null
      case 'create-user':
        createUser(statement, instance, session)
        return null
      case 'drop-user':
        dropUser(statement, instance, session)
        return null
      case 'add-member':
        addMember(statement, instance, session)
        return null
      case 'grant':
        grant(statement, instance, session)
        return null
      case 'check-database':
        this.#check(statement.database)
        return null
      case 'execute':
      case 'execute-text':
        await execute(statement, this)
        return undefined
      case 'if':
        if (this.condition(statement.condition)) await this.statement(statement.body)
        else if (statement.otherwise) await this.statement(statement.otherwise)
        return undefined
      case 'block':
        for (const each of statement.statements) await this.statement(each)
        return undefined
      case 'print':
        this.output.message({ number: 0, severity: 0, state: 1, text: String(this.value(statement.value) ?? '') })
        return undefined
      case 'transaction':
        session.transactions =
          statement.action === 'begin' ? session.transactions + 1 : Math.max(0, session.transactions - 1)
        return null
    }
  }

  /** Sends the rows of a query, or gives them to variables. */
  select(select: Select): number {
    const assignments = select.items.filter(item => item.variable !== null)
    if (assignments.length > 0 && assignments.length < select.items.length) throw refused(141)
    const compiled = compileQuery(select, this)
    const rows = compiled.run(null)
    if (assignments.length === 0) {
      this.output.result({ columns: compiled.columns, rows })
      return rows.length
    }
    const last = rows.at(-1)
    if (last) {
      for (const [at, { variable }] of assignments.entries())
        this.#set(variable!, last[at]!, compiled.columns[at]!.type)
    }
    return rows.length
  }

  value(expression: Expression): SqlValue {
    return compilerFor(this).expression(expression, nothing).evaluate(nowhere)
  }

  typed(expression: Expression): { type: SqlType; value: SqlValue } {
    const compiled = compilerFor(this).expression(expression, nothing)
    return { type: compiled.type, value: compiled.evaluate(nowhere) }
  }

  assign(name: string, expression: Expression): void {
    const { type, value } = this.typed(expression)
    this.#set(name, value, type)
  }

  nested(text: string, variables: Variables): Promise<void> {
    return new Batch(this.session, this.output, this.surroundings, variables).runProcedure(text)
  }

  target(table: NameOrVariable): Result {
    const found =
      table.kind === 'name'
        ? this.session.temporary.get(table.name.toLowerCase())
        : this.tables.get(table.name.toLowerCase())
    if (!found) throw table.kind === 'name' ? refused(208, table.name) : refused(1087, table.name)
    return found
  }

  async rows(source: Insertion): Promise<TypedRow[]> {
    switch (source.kind) {
      case 'values':
        return source.rows.map(row => {
          const typed = row.map(each => this.typed(each))
          return { types: typed.map(each => each.type), values: typed.map(each => each.value) }
        })
      case 'select': {
        const { columns, run } = compileQuery(source.select, this)
        return run(null).map(values => ({ types: columns.map(each => each.type), values }))
      }
      case 'execute': {
        const results: Result[] = []
        const output: Output = { ...quiet(this.output), result: result => results.push(result) }
        await execute(source.execute, new Batch(this.session, output, this.surroundings, this.variables))
        return results.flatMap(({ columns, rows }) =>
          rows.map(values => ({ types: columns.map(each => each.type), values })),
        )
      }
    }
  }

  #set(name: string, value: SqlValue, type: SqlType): void {
    const variable = this.variable(name)
    variable.value = convert(value, type, variable.type)
  }

  condition(condition: Condition): boolean {
    return compilerFor(this).condition(condition, nothing)(nowhere) === true
  }

  name(name: NameOrVariable): string {
    return name.kind === 'name' ? name.name : String(this.variable(name.name).value)
  }

  variable(name: string): Variable {
    if (name.startsWith('@@')) return globalVariable(this.session, name)
    const found = this.variables.get(name.toLowerCase())
    if (!found) throw refused(137, name)
    return found
  }

  table(path: string[]): Table {
    const name = path.at(-1)!
    if (!name.startsWith('#')) return viewOf(this.session, path)
    const found = this.session.temporary.get(name.toLowerCase())
    if (!found) throw refused(208, name)
    return tableOf(found)
  }

  tableVariable(name: string): Table {
    const found = this.tables.get(name.toLowerCase())
    if (!found) throw refused(1087, name)
    return tableOf(found)
  }

  tableFunction(path: string[], values: SqlValue[]): Table {
    return viewFunction(this.session, path, values)
  }

  tableFunctionShape(path: string[]): Table {
    return viewFunctionShape(path)
  }

  function(path: string[]): ScalarFunction | undefined {
    // A function of the sys schema may bear the name of the database that it is called in.
    const name = path.slice(-2).join('.').toLowerCase()
    return this.#functions[name] ?? functions[name]
  }

  #execution(): Execution {
    const { session, output, surroundings } = this
    return {
      instance: session.instance,
      visitor: session,
      inTransaction: session.transactions > 0,
      mounts: surroundings.mounts,
      output,
      signal: surroundings.signal,
      value: expression => this.value(expression),
      name: name => this.name(name),
      progress: async percent => {
        // Others have their turn: a cancel is heard, and a second connection sees how far this one is.
        await new Promise(resolve => setImmediate(resolve))
        surroundings.signal.throwIfAborted()
        session.request!.percentComplete = percent
        await surroundings.progress(percent)
      },
    }
  }

  /** DBCC CHECKDB finds what it looks for. Source: Microsoft, "DBCC CHECKDB (Transact-SQL)", permissions. @throws SqlError 2571, 8939 */
  #check(database: NameOrVariable | null): void {
    const { session } = this
    const name = database ? this.name(database) : session.database
    const found = session.instance.find(name)
    if (!found) throw refused(911, name)
    if (!hasRole(session.login, found, 'db_owner')) throw refused(2571, session.login.name, 'DBCC checkdb')
    if (found.damaged) throw refused(8939, found.name)
  }
}

/** Messages go through; results and counts are the INSERT's. */
function quiet(output: Output): Omit<Output, 'result'> {
  return {
    message: each => output.message(each),
    done: () => undefined,
    databaseChanged: (name, before) => output.databaseChanged(name, before),
  }
}

const nothing = { sources: [], outer: null, aggregates: false }

function emptyResult(columns: ColumnDefinition[]): Result {
  return { columns: columns.map(({ name, type }) => ({ name, type: typeOf(type, 1) })), rows: [] }
}
