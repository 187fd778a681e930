/** Character sets in which the second byte of a letter may be a backslash or a backtick. */
const unsafe = ['big5', 'cp932', 'gb18030', 'gbk', 'sjis']

/**
 * What stands for a `;` inside of a statement. A server skips comments for versions that there are not, and keeps nothing of them in the text of a
 * routine. A client looks for quotes in them all the same: the first quote makes it pass over the `;`, the second brings it back. And the `;` is at
 * the end of no line, where myloader would cut the statement.
 */
export const fence = "/*!999999 '*/;/*!999999 '*/"

/**
 * `text` in a form in which no client ends it at a `;` of its own; the server still understands the very same text. Undefined where that cannot be
 * told for sure.
 * @param characterSet the text's
 */
export function fenceSemicolons(text: Buffer, characterSet: string): Buffer | undefined {
  if (!text.includes(';')) return text
  if (unsafe.includes(characterSet)) return undefined
  const bytes = text.toString('latin1')
  const [places, ...others] = readings.map(reading => semicolons(bytes, reading))
  if (places === undefined || others.some(other => other?.join() !== places.join())) return undefined
  const pieces = [0, ...places.map(at => at + 1)].map((from, i) => bytes.slice(from, places[i]))
  return Buffer.from(pieces.join(fence), 'latin1')
}

/** What a backslash in quotes means depends on the sql_mode that the statement is run with: by default, with ANSI_QUOTES, with NO_BACKSLASH_ESCAPES. */
const readings = [reading(true, true), reading(true, false), reading(false, false)]

function reading(singleEscapes: boolean, doubleEscapes: boolean): RegExp {
  const quoted = (quote: string, escapes: boolean) =>
    escapes ? `${quote}[^${quote}\\\\]*(?:\\\\[^][^${quote}\\\\]*)*${quote}` : `${quote}[^${quote}]*${quote}`
  return new RegExp(
    [
      quoted("'", singleEscapes),
      quoted('"', doubleEscapes),
      quoted('`', false),
      '#[^\\n]*',
      '--(?=[ \\t-\\r]|$)[^\\n]*',
      '/\\*(?!!|\\+|M!)[^]*?\\*/',
      '(?<semicolon>;)',
      // Begins and ends what only some versions run.
      '(?<marker>/\\*M?!|\\*/)',
      // Quotes that do not end, comments that are more than that, text in dollars, and what only a client takes for a command.
      '(?<other>[\'"`\\\\]|--[\\0-\\x1f\\x7f]|/\\*|\\$\\w*\\$)',
    ].join('|'),
    'g',
  )
}

/** Where the `;` are that are neither in quotes nor in comments; undefined where something else is that is not understood here. */
function semicolons(bytes: string, reading: RegExp): number[] | undefined {
  const places: number[] = []
  let marked = false
  for (const { groups, index } of bytes.matchAll(reading)) {
    if (groups!.other !== undefined) return undefined
    if (groups!.semicolon !== undefined) places.push(index)
    if (groups!.marker !== undefined) marked = true
  }
  return marked && places.length > 0 ? undefined : places
}
