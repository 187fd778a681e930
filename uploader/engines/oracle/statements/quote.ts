/** A name as it is written in the dictionary. @throws Error for what can be no name */
export function quoteName(name: string): string {
  if (/["\0]/.test(name) || name === '') throw new Error(`${JSON.stringify(name)} is no name of Oracle`)
  return `"${name}"`
}

/** A text. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
