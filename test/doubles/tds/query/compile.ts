import type { Comparison, Condition, Expression, Select } from '../language/syntax.ts'
import { refused, SqlError } from '../model/sql-error.ts'
import { aggregates } from './aggregate.ts'
import { calculate } from './calculate.ts'
import { compareValues } from './compare.ts'
import type { Context } from './context.ts'
import { convert } from './convert.ts'
import { like } from './like.ts'
import { literalValue } from './literal.ts'
import { type Row, resolve, type Scope } from './scope.ts'
import type { Result } from './table.ts'
import { commonType, type SqlType, type SqlValue, typeOf } from './types.ts'

/** An expression whose names are resolved and whose type is known. */
export interface Compiled {
  type: SqlType
  /** A literal: its value does not depend on the row. */
  constant: boolean
  evaluate(row: Row): SqlValue
}

/** True, false, or unknown. */
export type Predicate = (row: Row) => boolean | null

/** A query inside an expression. */
export interface CompiledSelect {
  columns: Result['columns']
  /** @param outer the row of the query around it */
  run(outer: Row | null): SqlValue[][]
}

/** Resolves what stands in expressions. Queries inside them are compiled by `select`, which knows this class. */
export class Compiler {
  readonly context: Context
  readonly #select: (select: Select, compiler: Compiler, outer: Scope) => CompiledSelect

  constructor(context: Context, select: Compiler['compileSelect']) {
    this.context = context
    this.#select = select
  }

  get compileSelect(): (select: Select, compiler: Compiler, outer: Scope) => CompiledSelect {
    return this.#select
  }

  /** @throws SqlError */
  expression(expression: Expression, scope: Scope): Compiled {
    switch (expression.kind) {
      case 'literal':
        return literal(expression)
      case 'variable':
        return this.#variable(expression.name)
      case 'column': {
        const { column, source, depth } = resolve(scope, expression.path)
        return {
          type: column.type,
          constant: false,
          evaluate: row => {
            const record = at(row, depth).records[source]
            return record === undefined ? null : column.value(record)
          },
        }
      }
      case 'call':
        return this.#call(expression, scope)
      case 'convert':
        return this.#convert(expression, scope)
      case 'operator':
        return calculate(
          expression.operator,
          this.expression(expression.left, scope),
          this.expression(expression.right, scope),
        )
      case 'negative': {
        const zero = literal({ kind: 'literal', type: 'number', text: '0' })
        return calculate('-', zero, this.expression(expression.value, scope))
      }
      case 'case':
        return this.#case(expression, scope)
      case 'subquery': {
        const select = this.#select(expression.select, this, scope)
        if (select.columns.length !== 1) throw refused(116)
        return {
          type: select.columns[0]!.type,
          constant: false,
          evaluate: row => {
            const rows = select.run(row)
            if (rows.length > 1) throw refused(512)
            return rows[0]?.[0] ?? null
          },
        }
      }
    }
  }

  condition(condition: Condition, scope: Scope): Predicate {
    switch (condition.kind) {
      case 'and': {
        const [left, right] = [this.condition(condition.left, scope), this.condition(condition.right, scope)]
        return row => {
          const first = left(row)
          if (first === false) return false
          const second = right(row)
          return second === false ? false : first && second
        }
      }
      case 'or': {
        const [left, right] = [this.condition(condition.left, scope), this.condition(condition.right, scope)]
        return row => {
          const first = left(row)
          if (first === true) return true
          const second = right(row)
          return second === true ? true : first === null || second === null ? null : false
        }
      }
      case 'not': {
        const inner = this.condition(condition.condition, scope)
        return row => {
          const result = inner(row)
          return result === null ? null : !result
        }
      }
      case 'compare':
        return this.comparison(
          condition.operator,
          this.expression(condition.left, scope),
          this.expression(condition.right, scope),
        )
      case 'in':
        return this.#in(condition, scope)
      case 'is-null': {
        const value = this.expression(condition.value, scope)
        return row => value.evaluate(row) === null
      }
      case 'like':
        return this.#like(condition, scope)
      case 'between': {
        const value = this.expression(condition.value, scope)
        const low = this.comparison('>=', value, this.expression(condition.low, scope))
        const high = this.comparison('<=', value, this.expression(condition.high, scope))
        return row => {
          const results = [low(row), high(row)]
          return results.includes(false) ? false : results.includes(null) ? null : true
        }
      }
      case 'exists': {
        const select = this.#select(condition.select, this, scope)
        return row => select.run(row).length > 0
      }
    }
  }

  comparison(operator: Comparison, left: Compiled, right: Compiled): Predicate {
    const type = commonType(left.type, right.type)
    const holds = operators[operator]
    const { caseSensitive } = this.context
    return row => {
      const [one, other] = [left.evaluate(row), right.evaluate(row)]
      if (one === null || other === null) return null
      return holds(compareValues(convert(one, left.type, type), convert(other, right.type, type), caseSensitive))
    }
  }

  #variable(name: string): Compiled {
    const { type } = this.context.variable(name)
    return { type, constant: false, evaluate: () => this.context.variable(name).value }
  }

  #call(call: Extract<Expression, { kind: 'call' }>, scope: Scope): Compiled {
    const name = call.path.at(-1)!.toLowerCase()
    const aggregate = call.path.length === 1 ? aggregates[name] : undefined
    if (aggregate) {
      if (!scope.aggregates) throw refused(147)
      const inside = { ...scope, aggregates: false }
      const value = call.star ? undefined : this.expression(call.arguments[0]!, inside)
      return aggregate(value, this.context.caseSensitive)
    }
    if (call.path.length === 1 && name === 'isnull') return this.#firstOf(call.arguments, scope, true)
    if (call.path.length === 1 && name === 'coalesce') return this.#firstOf(call.arguments, scope, false)
    if (call.path.length === 1 && name === 'nullif') return this.#nullIf(call.arguments, scope)
    const called = this.context.function(call.path)
    if (!called) throw refused(195, call.path.join('.'), 'built-in function name')
    const [least, most] = called.arity
    if (call.arguments.length < least || call.arguments.length > most) throw refused(174, name, least)
    const values = call.arguments.map(each => this.expression(each, scope))
    const types = values.map(each => each.type)
    const constants = values.map(each => (each.constant ? each.evaluate(nowhere) : undefined))
    return {
      type: called.type(types, constants),
      constant: false,
      evaluate: row =>
        called.evaluate(
          values.map(each => each.evaluate(row)),
          types,
        ),
    }
  }

  /** ISNULL has the type of its first argument, COALESCE the widest of all. */
  #firstOf(list: Expression[], scope: Scope, firstDecides: boolean): Compiled {
    if (firstDecides ? list.length !== 2 : list.length < 2) throw refused(174, firstDecides ? 'isnull' : 'coalesce', 2)
    const values = list.map(each => this.expression(each, scope))
    const type = firstDecides ? values[0]!.type : typeOfAll(values)
    return {
      type,
      constant: false,
      evaluate: row => {
        for (const each of values) {
          const value = each.evaluate(row)
          if (value !== null) return convert(value, each.type, type)
        }
        return null
      },
    }
  }

  #nullIf(list: Expression[], scope: Scope): Compiled {
    if (list.length !== 2) throw refused(174, 'nullif', 2)
    const [value, other] = list.map(each => this.expression(each, scope))
    const same = this.comparison('=', value!, other!)
    return { type: value!.type, constant: false, evaluate: row => (same(row) ? null : value!.evaluate(row)) }
  }

  #convert(expression: Extract<Expression, { kind: 'convert' }>, scope: Scope): Compiled {
    const value = this.expression(expression.value, scope)
    const type = typeOf(expression.type, 30)
    const style = expression.style === null ? null : this.expression(expression.style, scope)
    const evaluate = (row: Row) => {
      const number = style === null ? null : style.evaluate(row)
      return convert(value.evaluate(row), value.type, type, number === null ? null : Number(number))
    }
    if (!expression.attempt) return { type, constant: false, evaluate }
    return {
      type,
      constant: false,
      evaluate: row => {
        try {
          return evaluate(row)
        } catch (error) {
          if (error instanceof SqlError) return null
          throw error
        }
      },
    }
  }

  #case(expression: Extract<Expression, { kind: 'case' }>, scope: Scope): Compiled {
    const branches = expression.branches.map(({ when, value }) => {
      return { when: this.condition(when, scope), value: this.expression(value, scope) }
    })
    const otherwise = expression.otherwise === null ? null : this.expression(expression.otherwise, scope)
    const results = [...branches.map(each => each.value), ...(otherwise ? [otherwise] : [])]
    const type = typeOfAll(results)
    return {
      type,
      constant: false,
      evaluate: row => {
        const chosen = branches.find(each => each.when(row) === true)?.value ?? otherwise
        return chosen ? convert(chosen.evaluate(row), chosen.type, type) : null
      },
    }
  }

  #in(condition: Extract<Condition, { kind: 'in' }>, scope: Scope): Predicate {
    const value = this.expression(condition.value, scope)
    if (Array.isArray(condition.list)) {
      const tests = condition.list.map(each => this.comparison('=', value, this.expression(each, scope)))
      return row => any(tests.map(test => test(row)))
    }
    const select = this.#select(condition.list, this, scope)
    const type = select.columns[0]!.type
    return row => {
      const results = select.run(row).map(([each]) => {
        const found: Compiled = { type, constant: true, evaluate: () => each! }
        return this.comparison('=', value, found)(row)
      })
      return any(results)
    }
  }

  #like(condition: Extract<Condition, { kind: 'like' }>, scope: Scope): Predicate {
    const [value, pattern] = [condition.value, condition.pattern].map(each => this.expression(each, scope))
    const escapeBy = condition.escape === null ? null : this.expression(condition.escape, scope)
    return row => {
      const [text, by] = [value!.evaluate(row), pattern!.evaluate(row)]
      if (text === null || by === null) return null
      return like(
        String(text),
        String(by),
        escapeBy ? String(escapeBy.evaluate(row)) : null,
        this.context.caseSensitive,
      )
    }
  }
}

/** The row of an expression that reads no table. */
export const nowhere: Row = { records: [], outer: null, group: [] }

const operators: Record<Comparison, (order: number) => boolean> = {
  '=': order => order === 0,
  '<>': order => order !== 0,
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
  '>=': order => order >= 0,
}

/** What several values become. The word NULL has no say in it. */
function typeOfAll(list: Compiled[]): SqlType {
  const typed = list.filter(each => !each.constant || each.evaluate(nowhere) !== null)
  return typed.map(each => each.type).reduce(commonType, (typed[0] ?? list[0]!).type)
}

function any(results: (boolean | null)[]): boolean | null {
  return results.includes(true) ? true : results.includes(null) ? null : false
}

function at(row: Row, depth: number): Row {
  let found = row
  for (let up = 0; up < depth; up++) found = found.outer!
  return found
}

function literal({ type, text }: Extract<Expression, { kind: 'literal' }>): Compiled {
  const [valueType, value] = literalValue(type, text)
  return { type: valueType, constant: true, evaluate: () => value }
}
