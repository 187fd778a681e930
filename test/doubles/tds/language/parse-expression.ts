import type { Parser } from './parser.ts'
import type { Comparison, Condition, Expression, TypeName } from './syntax.ts'

const comparisons: Record<string, Comparison> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

export function parseExpression(parser: Parser): Expression {
  return chain(parser, ['+', '-', '&', '|'], () => chain(parser, ['*', '/', '%'], () => unary(parser)))
}

type Operator = Extract<Expression, { kind: 'operator' }>['operator']

function chain(parser: Parser, operators: Operator[], operand: () => Expression): Expression {
  let left = operand()
  while (true) {
    const operator = operators.find(each => parser.accept(each))
    if (!operator) return left
    left = { kind: 'operator', operator, left, right: operand() }
  }
}

function unary(parser: Parser): Expression {
  if (parser.accept('-')) return { kind: 'negative', value: unary(parser) }
  if (parser.accept('+')) return unary(parser)
  const value = primary(parser)
  // A collation decides how texts compare; the double compares all of them alike.
  if (parser.acceptKeyword('COLLATE')) parser.name()
  return value
}

function primary(parser: Parser): Expression {
  const token = parser.peek()
  switch (token.kind) {
    case 'string':
    case 'national':
    case 'number':
    case 'binary':
      parser.next()
      return { kind: 'literal', type: token.kind, text: token.text }
    case 'variable':
      parser.next()
      return { kind: 'variable', name: token.text }
    case 'symbol': {
      parser.expect('(')
      const value: Expression = parser.isKeyword('SELECT')
        ? { kind: 'subquery', select: parser.select(parser) }
        : parseExpression(parser)
      parser.expect(')')
      return value
    }
    default:
      return word(parser)
  }
}

function word(parser: Parser): Expression {
  if (parser.acceptKeyword('NULL')) return { kind: 'literal', type: 'null', text: '' }
  if (parser.acceptKeyword('CASE')) return parseCase(parser)
  if (parser.isSymbol('(', 1)) {
    for (const [keyword, attempt] of [
      ['CONVERT', false],
      ['TRY_CONVERT', true],
    ] as const) {
      if (parser.acceptKeyword(keyword)) return parseConvert(parser, attempt)
    }
    for (const [keyword, attempt] of [
      ['CAST', false],
      ['TRY_CAST', true],
    ] as const) {
      if (parser.acceptKeyword(keyword)) return parseCast(parser, attempt)
    }
  }
  const path = parser.isKeyword('LEFT') || parser.isKeyword('RIGHT') ? [parser.next().text] : parser.path()
  if (!parser.accept('(')) return { kind: 'column', path }
  if (parser.accept('*')) {
    parser.expect(')')
    return { kind: 'call', path, arguments: [], star: true }
  }
  const values = parser.isSymbol(')') ? [] : parser.list(() => argument(parser, path))
  parser.expect(')')
  return { kind: 'call', path, arguments: values, star: false }
}

/** The first argument of DATEPART and its like is a word of its own. */
function argument(parser: Parser, path: string[]): Expression {
  const dateFunction = /^DATE(PART|DIFF|ADD|NAME)$/i.test(path[0]!) && path.length === 1
  if (dateFunction && parser.peek().kind === 'word' && (parser.isSymbol(',', 1) || parser.isSymbol(')', 1))) {
    return { kind: 'literal', type: 'string', text: parser.next().text.toLowerCase() }
  }
  return parseExpression(parser)
}

function parseConvert(parser: Parser, attempt: boolean): Expression {
  parser.expect('(')
  const type = parseType(parser)
  parser.expect(',')
  const value = parseExpression(parser)
  const style = parser.accept(',') ? parseExpression(parser) : null
  parser.expect(')')
  return { kind: 'convert', type, value, style, attempt }
}

function parseCast(parser: Parser, attempt: boolean): Expression {
  parser.expect('(')
  const value = parseExpression(parser)
  parser.expectKeyword('AS')
  const type = parseType(parser)
  parser.expect(')')
  return { kind: 'convert', type, value, style: null, attempt }
}

export function parseType(parser: Parser): TypeName {
  const path = parser.path()
  const name = path.at(-1)!.toLowerCase()
  if (!parser.accept('(')) return { name, arguments: [] }
  const sizes = parser.list(() => {
    if (parser.acceptKeyword('MAX')) return -1
    const token = parser.next()
    if (token.kind !== 'number') throw parser.syntaxError(token)
    return Number(token.text)
  })
  parser.expect(')')
  return { name, arguments: sizes }
}

function parseCase(parser: Parser): Expression {
  const subject = parser.isKeyword('WHEN') ? null : parseExpression(parser)
  const branches: { when: Condition; value: Expression }[] = []
  while (parser.acceptKeyword('WHEN')) {
    const when: Condition =
      subject === null
        ? parseCondition(parser)
        : { kind: 'compare', operator: '=', left: subject, right: parseExpression(parser) }
    parser.expectKeyword('THEN')
    branches.push({ when, value: parseExpression(parser) })
  }
  if (branches.length === 0) throw parser.syntaxError()
  const otherwise = parser.acceptKeyword('ELSE') ? parseExpression(parser) : null
  parser.expectKeyword('END')
  return { kind: 'case', subject, branches, otherwise }
}

export function parseCondition(parser: Parser): Condition {
  let left = conjunction(parser)
  while (parser.acceptKeyword('OR')) left = { kind: 'or', left, right: conjunction(parser) }
  return left
}

function conjunction(parser: Parser): Condition {
  let left = negation(parser)
  while (parser.acceptKeyword('AND')) left = { kind: 'and', left, right: negation(parser) }
  return left
}

function negation(parser: Parser): Condition {
  if (parser.acceptKeyword('NOT')) return { kind: 'not', condition: negation(parser) }
  if (parser.acceptKeyword('EXISTS')) {
    parser.expect('(')
    const select = parser.select(parser)
    parser.expect(')')
    return { kind: 'exists', select }
  }
  return (parser.isSymbol('(') && parser.attempt(() => parenthesised(parser))) || predicate(parser)
}

/** `(a + b) > c` and `(a > b)` begin alike: only the end tells whether a condition stood between the parentheses. */
function parenthesised(parser: Parser): Condition | undefined {
  parser.expect('(')
  const condition = parseCondition(parser)
  parser.expect(')')
  return condition
}

function predicate(parser: Parser): Condition {
  const value = parseExpression(parser)
  const token = parser.peek()
  const operator = token.kind === 'symbol' ? comparisons[token.text] : undefined
  if (operator) {
    parser.next()
    return { kind: 'compare', operator, left: value, right: parseExpression(parser) }
  }
  if (parser.acceptKeyword('IS')) {
    const not = parser.acceptKeyword('NOT')
    parser.expectKeyword('NULL')
    return negated({ kind: 'is-null', value }, not)
  }
  const not = parser.acceptKeyword('NOT')
  if (parser.acceptKeyword('IN')) {
    parser.expect('(')
    const list = parser.isKeyword('SELECT') ? parser.select(parser) : parser.list(() => parseExpression(parser))
    parser.expect(')')
    return negated({ kind: 'in', value, list }, not)
  }
  if (parser.acceptKeyword('LIKE')) {
    const pattern = parseExpression(parser)
    const escapeBy = parser.acceptKeyword('ESCAPE') ? parseExpression(parser) : null
    return negated({ kind: 'like', value, pattern, escape: escapeBy }, not)
  }
  if (parser.acceptKeyword('BETWEEN')) {
    const low = parseExpression(parser)
    parser.expectKeyword('AND')
    return negated({ kind: 'between', value, low, high: parseExpression(parser) }, not)
  }
  throw parser.syntaxError()
}

function negated(condition: Condition, not: boolean): Condition {
  return not ? { kind: 'not', condition } : condition
}
