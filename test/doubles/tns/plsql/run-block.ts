import { OraError } from '../ora.ts'
import type { Blobs } from '../session/blobs.ts'
import type { ServerFiles } from '../session/files.ts'
import type { SessionState } from '../session/session.ts'
import { textOf, toNumber } from '../sql/arithmetic.ts'
import { describe } from '../sql/describe.ts'
import { evaluate, holds } from '../sql/evaluate.ts'
import { tapeOf } from '../sql/parse-query.ts'
import { runQuery } from '../sql/run-query.ts'
import type { Scope, World } from '../sql/scope.ts'
import type { Expression } from '../sql/syntax.ts'
import type { TypeName, Value } from '../value.ts'
import { constants } from './constants.ts'
import { parseBlock } from './parse-block.ts'
import { procedures } from './procedures.ts'
import type { Argument, Block, Statement, Target } from './syntax.ts'

export interface Surroundings {
  session: SessionState
  files: ServerFiles
  blobs: Blobs
  world: World
  /** Runs a statement of SQL. */
  execute(sql: string): Promise<unknown>
}

/** Runs a block of PL/SQL. @returns what variables of the client have taken, by their number */
export async function runBlock(sql: string, surroundings: Surroundings): Promise<Map<number, Value>> {
  const tape = tapeOf(sql, true)
  const block = parseBlock(tape)
  if (tape.next.kind !== 'end') throw new OraError(6550, 'line 1: PLS-00103: Encountered a symbol behind the block')
  const run = new Run(surroundings)
  await run.block(block, constants)
  return run.out
}

/** One block at work; inner blocks see the variables of those around. */
class Run {
  readonly out = new Map<number, Value>()
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  async block({ variables, body, others }: Block, parent: Scope): Promise<void> {
    const scope: Scope = { relations: [{ alias: '', columns: [], row: [] }], group: null, rownum: 0n, parent }
    for (const { name, type, value } of variables) {
      scope.relations[0]!.row.push(value === null ? null : this.#value(value, scope))
      scope.relations[0]!.columns.push({ name, type })
    }
    try {
      await this.#all(body, scope)
    } catch (error) {
      if (others === null || !(error instanceof OraError)) throw error
      await this.#all(others, scope)
    }
  }

  async #all(body: Statement[], scope: Scope): Promise<void> {
    for (const statement of body) await this.#one(statement, scope)
  }

  async #one(statement: Statement, scope: Scope): Promise<void> {
    const { world } = this.#surroundings
    switch (statement.kind) {
      case 'null':
        return
      case 'assign':
        return this.#assign(statement.target, this.#value(statement.value, scope), scope)
      case 'block':
        return this.block(statement.block, scope)
      case 'execute':
        return void (await this.#surroundings.execute(textOf(this.#value(statement.sql, scope)) ?? ''))
      case 'if': {
        const taken = statement.branches.find(
          ({ condition }) => condition === null || holds(condition, scope, world) === true,
        )
        return this.#all(taken?.body ?? [], scope)
      }
      case 'select': {
        const { rows } = runQuery(statement.query, world, scope)
        if (rows.length === 0) throw new OraError(1403, 'no data found')
        if (rows.length > 1) throw new OraError(1422, 'exact fetch returns more than requested number of rows')
        for (const [index, target] of statement.into.entries()) this.#assign(target, rows[0]![index] ?? null, scope)
        return
      }
      case 'call':
        return this.#call(statement.procedure, statement.args, scope)
    }
  }

  async #call(name: string, args: Argument[], scope: Scope): Promise<void> {
    const { session } = this.#surroundings
    const procedure = procedures[name]
    if (!procedure || (procedure.grant && !mayExecute(session, procedure.grant)))
      throw new OraError(6550, `line 1, column 7:\nPLS-00201: identifier '${name}' must be declared`)
    const given = procedure.parameters.map((parameter, index) => {
      const named = args.find(arg => arg.name === parameter)
      return named ?? (args[index]?.name === null ? args[index] : undefined)
    })
    const values = given.map(arg => (arg ? this.#value(arg.expression, scope) : null))
    const results = await procedure.run(values, this.#surroundings)
    for (const [index, value] of results) this.#assign(targetOf(given[index]!.expression), value, scope)
  }

  #value(expression: Expression, scope: Scope): Value {
    describe(expression, scope, this.#surroundings.world)
    return evaluate(expression, scope, this.#surroundings.world)
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    const { binds } = this.#surroundings.world
    if (target.kind === 'bind') {
      const bind = binds[target.index]
      if (!bind) throw new OraError(1008, 'not all variables bound')
      bind.value = as(bind.type, value)
      this.out.set(target.index, bind.value)
      return
    }
    for (let around: Scope | null = scope; around !== null; around = around.parent) {
      const { columns, row } = around.relations[0]!
      const index = columns.findIndex(({ name }) => name === target.name)
      if (index < 0) continue
      row[index] = as(columns[index]!.type, value)
      return
    }
    throw new OraError(6550, `line 1, column 7:\nPLS-00201: identifier '${target.name}' must be declared`)
  }
}

/** What an OUT parameter is given. */
function targetOf(expression: Expression): Target {
  if (expression.kind === 'bind') return { kind: 'bind', index: expression.index }
  if (expression.kind === 'column') return { kind: 'variable', name: expression.name }
  throw new OraError(6550, 'line 1, column 7:\nPLS-00363: expression cannot be used as an assignment target')
}

function as(type: TypeName, value: Value): Value {
  if (value === null) return null
  if (type === 'VARCHAR2') return textOf(value)
  if (type === 'NUMBER') return toNumber(value)
  return value
}

function mayExecute({ user, as: administrator }: SessionState, name: string): boolean {
  return administrator === 'SYSDBA' || (user.executes?.includes(name) ?? false)
}
