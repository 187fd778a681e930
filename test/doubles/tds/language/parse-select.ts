import { parseCondition, parseExpression } from './parse-expression.ts'
import type { Parser } from './parser.ts'
import type { Order, Select, SelectItem, Source } from './syntax.ts'

export function parseSelect(parser: Parser): Select {
  const select = parseQuery(parser)
  if (parser.acceptKeyword('ORDER', 'BY')) select.orderBy = parser.list(() => order(parser))
  if (parser.acceptKeyword('OPTION')) {
    parser.expect('(')
    parser.list(() => (parser.acceptKeyword('MAXDOP') ? parser.next() : parser.oneOf('RECOMPILE')))
    parser.expect(')')
  }
  return select
}

function parseQuery(parser: Parser): Select {
  parser.expectKeyword('SELECT')
  const distinct = parser.acceptKeyword('DISTINCT')
  if (!distinct) parser.acceptKeyword('ALL')
  const select: Select = {
    kind: 'select',
    distinct,
    top: parser.acceptKeyword('TOP') ? top(parser) : null,
    items: parser.list(() => item(parser)),
    sources: parser.acceptKeyword('FROM') ? sources(parser) : [],
    where: parser.acceptKeyword('WHERE') ? parseCondition(parser) : null,
    groupBy: parser.acceptKeyword('GROUP', 'BY') ? parser.list(() => parseExpression(parser)) : [],
    having: parser.acceptKeyword('HAVING') ? parseCondition(parser) : null,
    orderBy: [],
    union: null,
  }
  if (parser.acceptKeyword('UNION', 'ALL')) select.union = parseQuery(parser)
  return select
}

function top(parser: Parser): Select['top'] {
  if (parser.accept('(')) {
    const count = parseExpression(parser)
    parser.expect(')')
    return count
  }
  const token = parser.next()
  if (token.kind !== 'number') throw parser.syntaxError(token)
  return { kind: 'literal', type: 'number', text: token.text }
}

function item(parser: Parser): SelectItem {
  const nothing = { star: false, path: [], value: null, alias: null, variable: null }
  if (parser.accept('*')) return { ...nothing, star: true }
  if (parser.isVariable() && parser.isSymbol('=', 1)) {
    const variable = parser.variable()
    parser.expect('=')
    return { ...nothing, value: parseExpression(parser), variable }
  }
  if (parser.isName() && parser.isSymbol('.', 1) && parser.isSymbol('*', 2)) {
    const path = [parser.name()]
    parser.expect('.')
    parser.expect('*')
    return { ...nothing, star: true, path }
  }
  // alias = expression
  if (parser.isName() && parser.isSymbol('=', 1)) {
    const alias = parser.name()
    parser.expect('=')
    return { ...nothing, value: parseExpression(parser), alias }
  }
  const value = parseExpression(parser)
  return { ...nothing, value, alias: alias(parser) }
}

/** `AS name`, `name`, `'name'`. */
function alias(parser: Parser): string | null {
  const said = parser.acceptKeyword('AS')
  const kind = parser.peek().kind
  if (kind === 'string' || kind === 'national') return parser.next().text
  if (parser.isName()) return parser.name()
  if (said) throw parser.syntaxError()
  return null
}

function sources(parser: Parser): Source[] {
  const found: Source[] = [source(parser, 'from')]
  while (true) {
    const join = joinOf(parser)
    if (!join) return found
    const each = source(parser, join)
    if (join === 'inner' || join === 'left') {
      parser.expectKeyword('ON')
      each.on = parseCondition(parser)
    }
    found.push(each)
  }
}

function joinOf(parser: Parser): Source['join'] | undefined {
  if (parser.accept(',') || parser.acceptKeyword('CROSS', 'JOIN')) return 'cross'
  if (parser.acceptKeyword('CROSS', 'APPLY')) return 'cross-apply'
  if (parser.acceptKeyword('OUTER', 'APPLY')) return 'outer-apply'
  if (parser.acceptKeyword('INNER', 'JOIN') || parser.acceptKeyword('JOIN')) return 'inner'
  if (parser.acceptKeyword('LEFT', 'OUTER', 'JOIN') || parser.acceptKeyword('LEFT', 'JOIN')) return 'left'
  return
}

function source(parser: Parser, join: Source['join']): Source {
  const table = tableOf(parser)
  const named = alias(parser)
  if (parser.acceptKeyword('WITH')) {
    parser.expect('(')
    parser.list(() => parser.oneOf('NOLOCK', 'READPAST', 'READUNCOMMITTED'))
    parser.expect(')')
  }
  return { join, table, alias: named, on: null }
}

function tableOf(parser: Parser): Source['table'] {
  if (parser.isVariable()) return { kind: 'variable', name: parser.variable() }
  if (parser.accept('(')) {
    const select = parseSelect(parser)
    parser.expect(')')
    return { kind: 'select', select }
  }
  const path = parser.path()
  if (!parser.accept('(')) return { kind: 'table', path }
  const values = parser.isSymbol(')') ? [] : parser.list(() => parseExpression(parser))
  parser.expect(')')
  return { kind: 'function', path, arguments: values }
}

function order(parser: Parser): Order {
  const value = parseExpression(parser)
  const descending = parser.acceptKeyword('DESC')
  if (!descending) parser.acceptKeyword('ASC')
  return { value, descending }
}
