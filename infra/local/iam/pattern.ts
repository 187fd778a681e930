/** `*` is any run of characters, `?` any one; everything else stands for itself. */
export function compilePattern(pattern: string, flags: '' | 'i' = ''): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`)
}

/** Whether an ARN is like another: each of the six parts between its colons for itself. */
export function isArnLike(arn: string, pattern: string): boolean {
  const parts = (text: string) => {
    const pieces = text.split(':')
    return [...pieces.slice(0, 5), pieces.slice(5).join(':')]
  }
  const stated = parts(pattern)
  return parts(arn).every((part, index) => compilePattern(stated[index]!).test(part))
}
