import { OraError } from '../ora.ts'

export interface Token {
  kind: 'word' | 'quoted' | 'text' | 'number' | 'bind' | 'mark' | 'end'
  /** A word in capitals, a quoted name, text and a bind variable's name as they are meant, anything else as it stands. */
  text: string
  /** Where it begins and ends in the statement. */
  at: number
  end: number
}

const marks = ['||', '<=', '>=', '<>', '!=', '^=', ':=', '=>', ...'()+-*/,.=<>;@']

/** Cuts a statement into tokens, the last of which is of kind `end`. @throws OraError 1756 for text that does not end, 911 for a strange character */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const add = (kind: Token['kind'], text: string, end: number) => {
    tokens.push({ kind, text, at, end })
    at = end
  }
  while (at < sql.length) {
    const rest = sql.slice(at)
    const blank = /^(\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/.exec(rest)
    if (blank) {
      at += blank[0].length
      continue
    }
    const word = /^[\p{L}][\p{L}\p{N}_$#]*/u.exec(rest)?.[0]
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    const bind = /^:\s*(\w+)/.exec(rest)
    const mark = marks.find(candidate => rest.startsWith(candidate))
    if (/^q'/i.test(rest)) add('text', ...alternative(sql, at))
    else if (rest[0] === "'") add('text', ...delimited(sql, at, "'"))
    else if (rest[0] === '"') add('quoted', ...delimited(sql, at, '"'))
    else if (word) add('word', word.toUpperCase(), at + word.length)
    else if (number) add('number', number, at + number.length)
    else if (bind && mark !== ':=') add('bind', bind[1]!.toUpperCase(), at + bind[0].length)
    else if (mark) add('mark', mark, at + mark.length)
    else throw new OraError(911, 'invalid character', at)
  }
  add('end', '', at)
  return tokens
}

/** Text between quotes, in which the quote stands doubled. @returns what is meant, and where the next token begins */
function delimited(sql: string, from: number, quote: string): [string, number] {
  let text = ''
  for (let at = from + 1; at < sql.length; at++) {
    if (sql[at] !== quote) text += sql[at]
    else if (sql[at + 1] === quote) text += sql[at++]
    else return [text, at + 1]
  }
  throw quote === "'"
    ? new OraError(1756, 'quoted string not properly terminated', from)
    : new OraError(1740, 'missing double quote in identifier', from)
}

/** `q'[it's]'` */
function alternative(sql: string, from: number): [string, number] {
  const open = sql[from + 2] ?? ''
  const close = { '[': ']', '{': '}', '(': ')', '<': '>' }[open] ?? open
  const end = sql.indexOf(`${close}'`, from + 3)
  if (end < 0) throw new OraError(1756, 'quoted string not properly terminated', from)
  return [sql.slice(from + 3, end), end + 2]
}
