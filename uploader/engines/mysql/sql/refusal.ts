import type { ServerError } from '../wire/server-error.ts'

const name = '`(?:[^`]|``)*`'
const text = `'(?:[^'\\\\]|''|\\\\.)*'|"(?:[^"\\\\]|""|\\\\.)*"`
/** Passwords and their hashes stand in quotes, or are hexadecimal numbers; so may the two parts of an account be in quotes. */
const literal = new RegExp(
  `(?<kept>${name}|(?:${text})\\s*@\\s*(?:${name}|${text}|[\\w.%-]+))|${text}|\\b0x[0-9a-f]+\\b`,
  'gis',
)
const mayHoldSecrets = /\b(?:IDENTIFIED|PASSWORD|OPTIONS)\b/i
const syntaxError = 1064

/** A statement that was refused, as it may be shown and kept in a log: without the passwords of accounts and of other servers. */
export function refusal(statement: string, { errno, message }: ServerError): string {
  const shown = mayHoldSecrets.test(statement)
    ? statement.replaceAll(literal, (_, kept: string | undefined) => kept ?? "'…'")
    : statement
  // This one quotes the statement.
  const why = errno === syntaxError ? message.replace(/ near .*$/s, '') : message
  return `${shown}: error ${errno}: ${why}`
}
