import { isUtf8 } from 'node:buffer'

/** `name`: in quotes of names; `word`: a keyword, number or plain name; `text`: a string, without what is in it. */
export interface Token {
  kind: 'name' | 'word' | 'text' | 'sign'
  value: string
}

export interface Quoting {
  /** Double quotes are those of names. */
  ansiQuotes: boolean
  /** A backslash in a string stands for itself. */
  plainBackslash: boolean
}

const space = /[\s]+|(?:--(?=\s|$)|#)[^\n]*/y
const word = /[\w$\u0080-\uffff]+/y
/** What is between them is carried out by servers that are new enough: here it always counts. */
const conditional = /\/\*M?!\d*/y

/** The bytes of a statement as text in which ASCII is what it is; names are right in UTF-8, or in latin1 where they are not that. */
export function textOf(statement: Buffer): string {
  return statement.toString(isUtf8(statement) ? 'utf8' : 'latin1')
}

/** Cuts a statement into what the server's parser sees, one after the other; comments are passed over. */
export function* tokens(sql: string, { ansiQuotes, plainBackslash }: Quoting): Generator<Token> {
  const match = (expression: RegExp, at: number) => {
    expression.lastIndex = at
    return expression.exec(sql)?.[0]
  }
  for (let at = 0; at < sql.length; ) {
    const first = sql[at]!
    const passed = match(space, at) ?? match(conditional, at)
    if (passed !== undefined) at += passed.length
    else if (sql.startsWith('*/', at)) at += 2
    else if (sql.startsWith('/*', at)) at = endOf(sql.indexOf('*/', at + 2), sql) + 2
    else if (first === '`' || first === '"' || first === "'") {
      const named = first === '`' || (first === '"' && ansiQuotes)
      const end = endOfQuoted(sql, at, named || plainBackslash)
      if (named) yield { kind: 'name', value: sql.slice(at + 1, end - 1).replaceAll(first + first, first) }
      else yield { kind: 'text', value: '' }
      at = end
    } else {
      const plain = match(word, at)
      yield plain === undefined ? { kind: 'sign', value: first } : { kind: 'word', value: plain }
      at += plain?.length ?? 1
    }
  }
}

/** @returns behind the closing quote */
function endOfQuoted(sql: string, start: number, plainBackslash: boolean): number {
  const quote = sql[start]!
  const plain = new RegExp(plainBackslash ? `[^${quote}]*` : `[^${quote}\\\\]*`, 'y')
  for (let at = start + 1; ; at += 2) {
    plain.lastIndex = at
    at += plain.exec(sql)![0].length
    if (at >= sql.length) return sql.length
    if (sql[at] === quote && sql[at + 1] !== quote) return at + 1
  }
}

const endOf = (found: number, sql: string) => (found < 0 ? sql.length : found)
