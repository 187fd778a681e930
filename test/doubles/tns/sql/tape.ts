import { OraError } from '../ora.ts'
import type { Query } from './syntax.ts'
import { type Token, tokenize } from './tokens.ts'

/** The tokens of a statement and how far they are read. */
export class Tape {
  readonly sql: string
  /** Reads a query within an expression; queries hold expressions in their turn. @param into called where PL/SQL's INTO may stand */
  readonly query: (into?: () => void) => Query
  readonly #tokens: Token[]
  readonly #byName: boolean
  readonly #binds: string[] = []
  #at = 0

  /** @param byName whether a bind variable that stands twice has one value, as in a block of PL/SQL; in SQL each place has its own */
  constructor(sql: string, query: (tape: Tape, into?: () => void) => Query, byName: boolean) {
    this.sql = sql
    this.query = into => query(this, into)
    this.#byName = byName
    this.#tokens = tokenize(sql)
  }

  get next(): Token {
    return this.#tokens[this.#at]!
  }

  get after(): Token {
    return this.#tokens[this.#at + 1] ?? this.next
  }

  take(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Whether the words stand next. */
  sees(...words: string[]): boolean {
    return words.every((word, index) => {
      const token = this.#tokens[this.#at + index]
      return token !== undefined && (token.kind === 'word' || token.kind === 'mark') && token.text === word
    })
  }

  /** Takes the words where they stand next. */
  takes(...words: string[]): boolean {
    if (!this.sees(...words)) return false
    this.#at += words.length
    return true
  }

  expect(word: string, error: OraError): void {
    if (!this.takes(word)) throw error
  }

  /** The number of a bind variable's value. */
  bindIndex(name: string): number {
    const known = this.#byName ? this.#binds.indexOf(name) : -1
    if (known >= 0) return known
    return this.#binds.push(name) - 1
  }

  name(): string {
    const token = this.take()
    if (token.kind !== 'word' && token.kind !== 'quoted') throw new OraError(903, 'invalid table name', token.at)
    return token.text
  }

  text(error: OraError): string {
    const token = this.take()
    if (token.kind !== 'text') throw error
    return token.text
  }

  end(): void {
    if (this.sees(';')) throw new OraError(911, 'invalid character', this.next.at)
    if (this.next.kind !== 'end') throw new OraError(933, 'SQL command not properly ended', this.next.at)
  }
}
