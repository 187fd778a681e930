/** `*` is any run of characters, `?` any one; everything else stands for itself. */
export function compilePattern(pattern: string, flags: '' | 'i' = ''): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`)
}
