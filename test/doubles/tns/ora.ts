/**
 * What the database answers instead of a result.
 *
 * @see Oracle Database Error Messages, where the texts stand
 */
export class OraError extends Error {
  override readonly name = 'OraError'
  readonly number: number
  /** Where in the statement, from 0. */
  readonly position: number

  constructor(number: number, text: string, position = 0) {
    super(`ORA-${String(number).padStart(5, '0')}: ${text}`)
    this.number = number
    this.position = position
  }
}
