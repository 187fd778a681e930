/** One batch of T-SQL with the values of its variables. Everything that the engine sends is made in this folder. */
export interface Statement {
  text: string
  inputs: Record<string, Input>
}

/** A whole number, or `nvarchar(length)`: of a type with MAX, BACKUP and RESTORE take no variable. */
export type Input = { value: string; length: number } | { value: number }

/** A name of the server: a database, a backup set. */
export const name = (value: string): Input => ({ value, length: 128 })
/** A path, 259 characters at most; or a description, 255. */
export const path = (value: string): Input => ({ value, length: 260 })

export function statement(text: string, inputs: Record<string, Input> = {}): Statement {
  return { text: text.trim().replace(/\n\s*/g, '\n  '), inputs }
}
