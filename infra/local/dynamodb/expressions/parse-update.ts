import { type AttributeType, type AttributeValue, typeOf } from '../values/attribute.ts'
import { Parser } from './parser.ts'
import { clashOf } from './path.ts'
import type { Placeholders } from './placeholders.ts'
import type { Action, Update, UpdateValue } from './update.ts'

const sections = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const
type Section = (typeof sections)[number]

/** @throws ValidationException */
export function parseUpdate(source: string, placeholders: Placeholders): Update {
  const parser = new Parser('UpdateExpression', source, placeholders)
  const update: Update = []
  const seen = new Set<Section>()
  do {
    const section = sections.find(keyword => parser.acceptKeyword(keyword))
    if (!section) throw parser.syntaxError()
    if (seen.has(section)) throw parser.wrong(`The "${section}" section can only be used once in an update expression;`)
    seen.add(section)
    do update.push(parseAction(parser, section))
    while (parser.accept(','))
  } while (parser.peek().kind !== 'end')
  const clash = clashOf(update.map(({ path }) => path))
  if (clash) throw parser.wrong(clash)
  return update
}

function parseAction(parser: Parser, section: Section): Action {
  const path = parser.path()
  switch (section) {
    case 'SET':
      parser.expect('=')
      return { type: section, path, value: parseSum(parser) }
    case 'REMOVE':
      return { type: section, path }
    case 'ADD':
      return { type: section, path, value: parseOperand(parser, section, ['N', 'SS', 'NS', 'BS']) }
    case 'DELETE':
      return { type: section, path, value: parseOperand(parser, section, ['SS', 'NS', 'BS']) }
  }
}

function parseOperand(parser: Parser, operator: string, allowed: AttributeType[]): AttributeValue {
  const { value } = parser.value()
  const type = typeOf(value)
  if (allowed.includes(type)) return value
  const names: Partial<Record<AttributeType, string>> = {
    S: 'STRING',
    N: 'NUMBER',
    B: 'BINARY',
    BOOL: 'BOOLEAN',
    L: 'LIST',
    M: 'MAP',
  }
  throw parser.wrong(
    `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${names[type] ?? type}, ` +
      `typeSet: ALLOWED_FOR_${operator}_OPERAND`,
  )
}

function parseSum(parser: Parser): UpdateValue {
  const left = parseValue(parser)
  const operator = (['+', '-'] as const).find(sign => parser.accept(sign))
  if (!operator) return left
  const right = parseValue(parser)
  checkImmediate(parser, operator, [left, right], 'N')
  return { type: operator, left, right }
}

function parseValue(parser: Parser): UpdateValue {
  if (parser.accept('(')) {
    const inner = parser.nested(() => parseSum(parser))
    parser.expect(')')
    return inner
  }
  const { kind, text } = parser.peek()
  if (kind === 'value') return { type: 'value', value: parser.value().value }
  if (kind === 'word' && parser.peek(1).text === '(') return parser.nested(() => parseFunction(parser, text))
  return { type: 'path', path: parser.path() }
}

function parseFunction(parser: Parser, name: string): UpdateValue {
  if (name !== 'if_not_exists' && name !== 'list_append') throw parser.wrong(`Invalid function name; function: ${name}`)
  parser.next()
  parser.expect('(')
  const operands = [parseValue(parser)]
  while (parser.accept(',')) operands.push(parseValue(parser))
  parser.expect(')')
  const [left, right] = operands
  if (!left || !right || operands.length > 2)
    throw parser.wrong(
      'Incorrect number of operands for operator or function; ' +
        `operator or function: ${name}, number of operands: ${operands.length}`,
    )
  if (name === 'list_append') {
    checkImmediate(parser, name, [left, right], 'L')
    return { type: name, left, right }
  }
  if (left.type !== 'path')
    throw parser.wrong(`Operator or function requires a document path; operator or function: ${name}`)
  return { type: name, path: left.path, otherwise: right }
}

function checkImmediate(parser: Parser, name: string, operands: UpdateValue[], wanted: AttributeType): void {
  for (const operand of operands) {
    if (operand.type !== 'value' || typeOf(operand.value) === wanted) continue
    throw parser.wrong(
      'Incorrect operand type for operator or function; ' +
        `operator or function: ${name}, operand type: ${typeOf(operand.value)}`,
    )
  }
}
