import { refused } from '../model/sql-error.ts'

export type TokenKind = 'word' | 'quoted' | 'string' | 'national' | 'number' | 'binary' | 'variable' | 'symbol' | 'end'

/** `text` is what the token means: a quoted name without its brackets, a string without its quotes. */
export interface Token {
  kind: TokenKind
  text: string
  start: number
  end: number
}

const pattern = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<bracketed>\[(?:[^\]]|\]\])*\])`,
    '(?<double>"(?:[^"]|"")*")',
    "(?<national>[Nn]'(?:[^']|'')*')",
    "(?<string>'(?:[^']|'')*')",
    String.raw`(?<variable>@@?[\p{L}_#$@][\p{L}\p{N}_#$@]*)`,
    '(?<binary>0[xX][0-9a-fA-F]*)',
    String.raw`(?<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)`,
    String.raw`(?<word>[\p{L}_#][\p{L}\p{N}_#$@]*)`,
    '(?<symbol><>|<=|>=|!=|[-+*/%(),.;=<>&|:])',
  ].join('|'),
  'uy',
)

/** Words, names and values of a batch. Comments may be nested, as T-SQL's are. @throws SqlError 102, 105, 113 */
export function lex(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    if (source.startsWith('/*', at)) {
      at = afterComment(source, at)
      continue
    }
    pattern.lastIndex = at
    const groups = pattern.exec(source)?.groups
    if (!groups) {
      if (`'"[`.includes(source[at]!) || /^n'/i.test(source.slice(at, at + 2)))
        throw refused(105, source.slice(at, at + 60))
      throw refused(102, source[at]!)
    }
    const [group, text] = Object.entries(groups).find(([, each]) => each !== undefined)!
    const end = at + text!.length
    if (group !== 'space') tokens.push({ ...meaning(group, text!), start: at, end })
    at = end
  }
  return [...tokens, { kind: 'end', text: '', start: at, end: at }]
}

function meaning(group: string, text: string): Pick<Token, 'kind' | 'text'> {
  switch (group) {
    case 'bracketed':
      return { kind: 'quoted', text: text.slice(1, -1).replaceAll(']]', ']') }
    case 'double':
      return { kind: 'quoted', text: text.slice(1, -1).replaceAll('""', '"') }
    case 'national':
      return { kind: 'national', text: text.slice(2, -1).replaceAll("''", "'") }
    case 'string':
      return { kind: 'string', text: text.slice(1, -1).replaceAll("''", "'") }
    default:
      return { kind: group as TokenKind, text }
  }
}

function afterComment(source: string, start: number): number {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    if (source.startsWith('/*', at)) {
      depth++
      at++
    } else if (source.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  throw refused(113)
}
