/** `near` shows a token between its neighbours, as AWS does in a syntax error. */
export interface Token {
  kind: 'word' | 'name' | 'value' | 'number' | 'symbol' | 'unknown' | 'end'
  text: string
  start: number
  end: number
}

const kinds = ['word', 'name', 'value', 'number', 'symbol', 'unknown'] as const
const pattern = /\s+|([A-Za-z_]\w*)|(#\w+)|(:\w+)|(\d+)|(<>|<=|>=|[()[\],.=<>+-])|(.)/gsu

export function lex(source: string): Token[] {
  const tokens: Token[] = []
  for (const match of source.matchAll(pattern)) {
    const group = match.slice(1).findIndex(text => text !== undefined)
    const kind = kinds[group]
    if (!kind) continue
    tokens.push({ kind, text: match[0], start: match.index, end: match.index + match[0].length })
  }
  return [...tokens, { kind: 'end', text: '<EOF>', start: source.length, end: source.length }]
}
