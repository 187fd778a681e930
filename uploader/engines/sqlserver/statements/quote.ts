/** A name in brackets, as QUOTENAME writes it. For what takes no variable. */
export function quoteName(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`
}

/** A string literal. */
export function quoteText(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`
}
