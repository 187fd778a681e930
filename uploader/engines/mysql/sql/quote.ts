/** `name` as an identifier. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A string literal for a session without NO_BACKSLASH_ESCAPES. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\0\n\r\x1a\\'"]/g, character => `\\${letters[character] ?? character}`)}'`
}

const letters: Record<string, string> = { '\0': '0', '\n': 'n', '\r': 'r', '\x1a': 'Z' }

/** `user`@`host`, or a MariaDB role, which has no host. */
export function quoteAccount(account: { user: string; host: string | null }): string {
  return account.host === null ? quoteName(account.user) : `${quoteName(account.user)}@${quoteName(account.host)}`
}

/** A name inside of a `--` comment, where a line end would end the comment. */
export function inComment(name: string): string {
  return quoteName(name).replace(
    /[\0-\x1f\x7f\u2028\u2029]/g,
    character => `\\x${character.charCodeAt(0).toString(16)}`,
  )
}
