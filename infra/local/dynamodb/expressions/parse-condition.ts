import type { Comparator, Condition, Operand } from './condition.ts'
import { checkBetween, checkComparison, readFunction } from './condition-rules.ts'
import { type ExpressionKind, Parser } from './parser.ts'
import type { Placeholders } from './placeholders.ts'

/**
 * An opening parenthesis may begin a group (`(a = :v)`) or an operand (`(a) = :v`), so one routine reads both and the caller looks
 * at what came. `size` is an operand, every other function a condition.
 */
type Term = { condition: Condition; function?: string; grouped?: true } | { operand: Operand; grouped?: true }

/** @throws ValidationException */
export function parseCondition(kind: ExpressionKind, source: string, placeholders: Placeholders): Condition {
  const parser = new Parser(kind, source, placeholders)
  const condition = needCondition(parser, parseOr(parser))
  parser.expectEnd()
  return condition
}

function parseOr(parser: Parser): Term {
  let term = parseAnd(parser)
  while (parser.acceptKeyword('OR')) term = joined(parser, 'or', term, parseAnd(parser))
  return term
}

function parseAnd(parser: Parser): Term {
  let term = parseNot(parser)
  while (parser.acceptKeyword('AND')) term = joined(parser, 'and', term, parseNot(parser))
  return term
}

function joined(parser: Parser, type: 'and' | 'or', left: Term, right: Term): Term {
  return { condition: { type, left: needCondition(parser, left), right: needCondition(parser, right) } }
}

function parseNot(parser: Parser): Term {
  if (!parser.acceptKeyword('NOT')) return parseComparison(parser)
  const condition = parser.nested(() => needCondition(parser, parseNot(parser)))
  return { condition: { type: 'not', condition } }
}

function parseComparison(parser: Parser): Term {
  const term = parseTerm(parser)
  const { kind, text } = parser.peek()
  if (kind === 'symbol' && isComparator(text)) {
    parser.next()
    const condition = {
      type: 'compare',
      comparator: text,
      left: needOperand(parser, term),
      right: operand(parser),
    } as const
    checkComparison(parser, condition.comparator, condition.left, condition.right)
    return { condition }
  }
  if (parser.acceptKeyword('BETWEEN')) {
    const lower = operand(parser)
    if (!parser.acceptKeyword('AND')) throw parser.syntaxError()
    const upper = operand(parser)
    checkBetween(parser, lower, upper)
    return { condition: { type: 'between', operand: needOperand(parser, term), lower, upper } }
  }
  if (parser.acceptKeyword('IN')) {
    parser.expect('(')
    const choices = operands(parser)
    if (choices.length > 100) throw parser.wrong('The IN operator takes at most 100 operands;')
    return { condition: { type: 'in', operand: needOperand(parser, term), choices } }
  }
  return term
}

function parseTerm(parser: Parser): Term {
  const { kind, text } = parser.peek()
  if (parser.accept('(')) {
    const inner = parser.nested(() => parseOr(parser))
    if (inner.grouped) throw parser.wrong('The expression has redundant parentheses;')
    parser.expect(')')
    return { ...inner, grouped: true }
  }
  if (kind === 'value') return { operand: { type: 'value', value: parser.value().value } }
  if (kind === 'word' && parser.peek(1).text === '(') {
    parser.next()
    parser.next()
    const called = readFunction(parser, text, operands(parser))
    return called.type === 'size' ? { operand: called } : { condition: called, function: text }
  }
  return { operand: { type: 'path', path: parser.path() } }
}

function operand(parser: Parser): Operand {
  return needOperand(parser, parseTerm(parser))
}

/** The list behind an opening parenthesis, with the closing one. */
function operands(parser: Parser): Operand[] {
  const list = [operand(parser)]
  while (parser.accept(',')) list.push(operand(parser))
  parser.expect(')')
  return list
}

function needCondition(parser: Parser, term: Term): Condition {
  if ('condition' in term) return term.condition
  if (term.operand.type === 'size') throw misused(parser, 'size')
  throw parser.syntaxError()
}

function needOperand(parser: Parser, term: Term): Operand {
  if ('operand' in term) return term.operand
  if (term.function) throw misused(parser, term.function)
  throw parser.syntaxError()
}

function misused(parser: Parser, name: string) {
  return parser.wrong(`The function is not allowed to be used this way in an expression; function: ${name}`)
}

function isComparator(text: string): text is Comparator {
  return ['=', '<>', '<', '<=', '>', '>='].includes(text)
}
