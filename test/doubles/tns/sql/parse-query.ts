import { OraError } from '../ora.ts'
import { parseExpression } from './parse-expression.ts'
import type { Query, SelectItem, Source } from './syntax.ts'
import { Tape } from './tape.ts'

/** @param byName as Tape takes it */
export function tapeOf(sql: string, byName = false): Tape {
  return new Tape(sql, parseQuery, byName)
}

/** @param into called where PL/SQL's INTO may stand */
export function parseQuery(tape: Tape, into?: () => void): Query {
  tape.expect('SELECT', new OraError(900, 'invalid SQL statement', tape.next.at))
  const distinct = tape.takes('DISTINCT') || tape.takes('UNIQUE')
  if (!distinct) tape.takes('ALL')
  const items = [parseItem(tape)]
  while (tape.takes(',')) items.push(parseItem(tape))
  into?.()
  tape.expect('FROM', new OraError(923, 'FROM keyword not found where expected', tape.next.at))
  const query: Query = {
    distinct,
    items,
    sources: parseSources(tape),
    where: tape.takes('WHERE') ? parseExpression(tape) : null,
    groupBy: [],
    having: null,
    orderBy: [],
    first: null,
    union: null,
  }
  if (tape.takes('GROUP', 'BY')) {
    do query.groupBy.push(parseExpression(tape))
    while (tape.takes(','))
  }
  if (tape.takes('HAVING')) query.having = parseExpression(tape)
  if (tape.takes('UNION')) {
    const all = tape.takes('ALL')
    query.union = { all, query: parseQuery(tape) }
    // The order is of the whole.
    query.orderBy = query.union.query.orderBy.splice(0)
  } else if (tape.takes('ORDER', 'BY')) {
    do query.orderBy.push(parseOrder(tape))
    while (tape.takes(','))
  }
  if (tape.takes('FETCH')) {
    if (!tape.takes('FIRST') && !tape.takes('NEXT')) throw new OraError(905, 'missing keyword', tape.next.at)
    query.first = parseExpression(tape)
    if (!tape.takes('ROWS', 'ONLY') && !tape.takes('ROW', 'ONLY'))
      throw new OraError(905, 'missing keyword', tape.next.at)
  }
  return query
}

function parseItem(tape: Tape): SelectItem {
  if (tape.takes('*')) return { kind: 'all', table: null }
  const token = tape.next
  if (token.kind === 'word' && tape.after.text === '.' && tape.sees(token.text, '.', '*')) {
    tape.takes(token.text, '.', '*')
    return { kind: 'all', table: token.text }
  }
  const from = token.at
  const expression = parseExpression(tape)
  const text = tape.sql.slice(from, tape.next.at).replace(/\s+/g, '').toUpperCase()
  const alias = tape.takes('AS') ? tape.name() : parseAlias(tape)
  return { kind: 'value', expression, name: alias ?? (expression.kind === 'column' ? expression.name : text) }
}

/** Words after a column or a source that begin the next part. */
const parts = new Set(
  'FROM WHERE GROUP ORDER HAVING UNION FETCH JOIN INNER LEFT ON CROSS MINUS INTERSECT START CONNECT INTO'.split(' '),
)

function parseAlias(tape: Tape): string | null {
  const { kind, text } = tape.next
  return kind === 'quoted' || (kind === 'word' && !parts.has(text)) ? tape.take().text : null
}

function parseSources(tape: Tape): Source[] {
  const sources = [parseSource(tape, 'inner')]
  for (;;) {
    if (tape.takes(',') || tape.takes('CROSS', 'JOIN')) sources.push(parseSource(tape, 'inner'))
    else if (tape.takes('LEFT', 'OUTER', 'JOIN') || tape.takes('LEFT', 'JOIN')) sources.push(joined(tape, 'left'))
    else if (tape.takes('INNER', 'JOIN') || tape.takes('JOIN')) sources.push(joined(tape, 'inner'))
    else return sources
  }
}

function joined(tape: Tape, join: Source['join']): Source {
  const source = parseSource(tape, join)
  tape.expect('ON', new OraError(905, 'missing keyword', tape.next.at))
  return { ...source, on: parseExpression(tape) }
}

function parseSource(tape: Tape, join: Source['join']): Source {
  const { at } = tape.next
  if (tape.takes('(')) {
    const query = parseQuery(tape)
    tape.expect(')', new OraError(907, 'missing right parenthesis', tape.next.at))
    return { from: { kind: 'query', query }, alias: parseAlias(tape) ?? '', join, on: null }
  }
  const names = [tape.name()]
  while (tape.takes('.')) names.push(tape.name())
  return { from: { kind: 'name', name: names.join('.'), at }, alias: parseAlias(tape) ?? names.at(-1)!, join, on: null }
}

function parseOrder(tape: Tape): Query['orderBy'][number] {
  const by = parseExpression(tape)
  const descending = tape.takes('DESC')
  if (!descending) tape.takes('ASC')
  if (!tape.takes('NULLS')) return { by, descending, nullsFirst: null }
  const nullsFirst = tape.takes('FIRST')
  if (!nullsFirst) tape.expect('LAST', new OraError(905, 'missing keyword', tape.next.at))
  return { by, descending, nullsFirst }
}
