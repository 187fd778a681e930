/** The pattern of LIKE: %, _, [a-z], [^a]. Source: Microsoft, "LIKE (Transact-SQL)". */
export function like(text: string, pattern: string, escapeBy: string | null, caseSensitive: boolean): boolean {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const each = pattern[at]!
    if (each === escapeBy) source += literally(pattern[++at] ?? '')
    else if (each === '%') source += '.*'
    else if (each === '_') source += '.'
    else if (each === '[') {
      const end = pattern.indexOf(']', at + 1)
      if (end < 0) return false
      source += `[${pattern.slice(at + 1, end).replaceAll(/[\\\]]/g, '\\$&')}]`
      at = end
    } else source += literally(each)
  }
  return new RegExp(`^${source} *$`, caseSensitive ? 'su' : 'isu').test(text)
}

/** A text in a regular expression that means itself. */
export function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
