/** Literal text, or one of the two signs that stand for something else: `*` for any characters or none, `?` for exactly one. */
export type Piece = { literal: string } | { any: '*' | '?' }

/** @param fold whether upper and lower case are the same */
export function matcher(pieces: readonly Piece[], fold: boolean): (name: string) => boolean {
  const source = pieces
    .map(piece => ('any' in piece ? signs[piece.any] : literally(folded(piece.literal, fold))))
    .join('')
  const expression = new RegExp(`^${source}$`, 'su')
  return name => expression.test(folded(name, fold))
}

const signs = { '*': '.*', '?': '.' }

const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function folded(name: string, fold: boolean): string {
  return fold ? name.toLowerCase() : name
}
