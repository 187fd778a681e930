import { OraError } from '../ora.ts'
import type { BinaryOperator, Expression } from './syntax.ts'
import type { Tape } from './tape.ts'

/** A condition or a value: OR binds least, then AND, NOT, comparisons, sums, products. */
export function parseExpression(tape: Tape): Expression {
  let left = parseAnd(tape)
  while (tape.takes('OR')) left = { kind: 'binary', operator: 'OR', left, right: parseAnd(tape) }
  return left
}

function parseAnd(tape: Tape): Expression {
  let left = parseNot(tape)
  while (tape.takes('AND')) left = { kind: 'binary', operator: 'AND', left, right: parseNot(tape) }
  return left
}

function parseNot(tape: Tape): Expression {
  if (tape.takes('NOT')) return { kind: 'not', of: parseNot(tape) }
  if (tape.takes('EXISTS')) {
    tape.expect('(', missing('left'))
    return { kind: 'exists', query: closed(tape, tape.query()) }
  }
  return parseComparison(tape)
}

const comparisons: Record<string, BinaryOperator> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '^=': '<>',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
}

function parseComparison(tape: Tape): Expression {
  const of = parseSum(tape)
  if (tape.next.kind === 'mark' && comparisons[tape.next.text])
    return { kind: 'binary', operator: comparisons[tape.take().text]!, left: of, right: parseSum(tape) }
  if (tape.takes('IS')) {
    const negated = tape.takes('NOT')
    tape.expect('NULL', new OraError(908, 'missing NULL keyword', tape.next.at))
    return { kind: 'null', of, negated }
  }
  const negated = tape.takes('NOT')
  if (tape.takes('IN')) return { kind: 'in', of, list: parseList(tape), negated }
  if (tape.takes('LIKE')) {
    const pattern = parseSum(tape)
    return { kind: 'like', of, pattern, escape: tape.takes('ESCAPE') ? parseSum(tape) : null, negated }
  }
  if (tape.takes('BETWEEN')) {
    const low = parseSum(tape)
    tape.expect('AND', new OraError(905, 'missing keyword', tape.next.at))
    return { kind: 'between', of, low, high: parseSum(tape), negated }
  }
  if (negated) throw new OraError(920, 'invalid relational operator', tape.next.at)
  return of
}

function parseList(tape: Tape): Extract<Expression, { kind: 'in' }>['list'] {
  tape.expect('(', missing('left'))
  if (tape.sees('SELECT')) return closed(tape, tape.query())
  const list = [parseExpression(tape)]
  while (tape.takes(',')) list.push(parseExpression(tape))
  return closed(tape, list)
}

function parseSum(tape: Tape): Expression {
  let left = parseProduct(tape)
  for (;;) {
    const operator = (['+', '-', '||'] as const).find(mark => tape.takes(mark))
    if (!operator) return left
    left = { kind: 'binary', operator, left, right: parseProduct(tape) }
  }
}

function parseProduct(tape: Tape): Expression {
  let left = parseUnary(tape)
  for (;;) {
    const operator = (['*', '/'] as const).find(mark => tape.takes(mark))
    if (!operator) return left
    left = { kind: 'binary', operator, left, right: parseUnary(tape) }
  }
}

function parseUnary(tape: Tape): Expression {
  if (tape.takes('-')) return { kind: 'negative', of: parseUnary(tape) }
  if (tape.takes('+')) return parseUnary(tape)
  return parsePrimary(tape)
}

function parsePrimary(tape: Tape): Expression {
  if (tape.takes('(')) {
    if (tape.sees('SELECT') || tape.sees('WITH')) return { kind: 'query', query: closed(tape, tape.query()) }
    return closed(tape, parseExpression(tape))
  }
  const token = tape.take()
  switch (token.kind) {
    case 'text':
      return { kind: 'literal', value: token.text === '' ? null : token.text, type: 'VARCHAR2' }
    case 'number':
      return {
        kind: 'literal',
        value: /^\d+$/.test(token.text) ? BigInt(token.text) : Number(token.text),
        type: 'NUMBER',
      }
    case 'bind':
      return { kind: 'bind', name: token.text, index: tape.bindIndex(token.text) }
    case 'word':
      if (token.text === 'NULL') return { kind: 'literal', value: null, type: 'VARCHAR2' }
      if (token.text === 'CASE') return parseCase(tape)
      if (token.text === 'CAST' && tape.takes('(')) return parseCast(tape, token.at)
      if (reserved.has(token.text)) break
      return parseName(tape, token.text, token.at)
    case 'quoted':
      return parseName(tape, token.text, token.at)
  }
  throw new OraError(936, 'missing expression', token.at)
}

/** Words that name no column. */
const reserved = new Set(
  'SELECT FROM WHERE GROUP ORDER BY HAVING AND OR NOT IN IS LIKE BETWEEN UNION INTO AS ON THEN ELSE WHEN'.split(' '),
)

/** A column, or a function with what it is called with: `t.name`, `DBMS_LOB.GETLENGTH(x)`. */
function parseName(tape: Tape, first: string, at: number): Expression {
  const parts = [first]
  while (tape.takes('.')) parts.push(tape.name())
  if (!tape.takes('(')) {
    const name = parts.pop()!
    return { kind: 'column', table: parts.length > 0 ? parts.join('.') : null, name, at }
  }
  const call = { kind: 'call' as const, name: parts.join('.').replace(/^SYS\./, ''), at }
  if (tape.takes('*')) return closed(tape, { ...call, args: [], star: true, distinct: false })
  const distinct = tape.takes('DISTINCT')
  const args: Expression[] = []
  if (!tape.sees(')')) {
    do args.push(parseExpression(tape))
    while (tape.takes(','))
  }
  return closed(tape, { ...call, args, star: false, distinct })
}

/** `CAST(value AS type)`, whose type may have a length. */
function parseCast(tape: Tape, at: number): Expression {
  const value = parseExpression(tape)
  tape.expect('AS', new OraError(905, 'missing keyword', tape.next.at))
  const type = tape.name()
  if (tape.takes('(')) {
    tape.take()
    tape.expect(')', missing('right', tape.next.at))
  }
  return closed(tape, { kind: 'call', name: `CAST AS ${type}`, args: [value], star: false, distinct: false, at })
}

function parseCase(tape: Tape): Expression {
  const subject = tape.sees('WHEN') ? null : parseExpression(tape)
  const whens: { when: Expression; gives: Expression }[] = []
  while (tape.takes('WHEN')) {
    const when = parseExpression(tape)
    tape.expect('THEN', new OraError(905, 'missing keyword', tape.next.at))
    whens.push({ when, gives: parseExpression(tape) })
  }
  const otherwise = tape.takes('ELSE') ? parseExpression(tape) : null
  tape.expect('END', new OraError(905, 'missing keyword', tape.next.at))
  return { kind: 'case', subject, whens, otherwise }
}

function closed<T>(tape: Tape, inside: T): T {
  tape.expect(')', missing('right', tape.next.at))
  return inside
}

function missing(side: 'left' | 'right', at = 0): OraError {
  return side === 'left'
    ? new OraError(906, 'missing left parenthesis', at)
    : new OraError(907, 'missing right parenthesis', at)
}
