import { refused, SqlError } from '../model/sql-error.ts'
import { lex, type Token } from './lex.ts'
import type { Select } from './syntax.ts'

/** Words that begin or end a clause: they are no alias and no column without brackets. Source: Microsoft, "Reserved keywords (Transact-SQL)". */
const reserved = new Set(
  `ALTER AND AS ASC BACKUP BEGIN BETWEEN BREAK BY CASE COMMIT CONVERT CREATE CROSS DATABASE DBCC DECLARE DELETE DESC DISTINCT DROP ELSE
  END ESCAPE EXEC EXECUTE EXISTS FOR FROM FULL FUNCTION GRANT GROUP HAVING IF IN INNER INSERT INTO IS JOIN KILL LEFT LIKE MERGE NOT NULL
  ON OPTION OR ORDER OUTER OVER PRINT PROC RAISERROR RESTORE RETURN REVOKE RIGHT ROLLBACK SELECT SET TABLE THEN TO TOP TRAN TRANSACTION
  TRUNCATE UNION UPDATE USE VALUES VIEW WAITFOR WHEN WHERE WHILE WITH`.split(/\s+/),
)

/** What the grammars have in common: tokens, keywords and names. */
export class Parser {
  readonly #tokens: Token[]
  /** A query may stand inside an expression, and expressions stand in every query: the expressions' grammar gets it from here. */
  readonly select: (parser: Parser) => Select
  #at = 0

  constructor(source: string, select: (parser: Parser) => Select) {
    this.#tokens = lex(source)
    this.select = select
  }

  syntaxError(token: Token = this.peek()): SqlError {
    return refused(102, token.kind === 'end' ? (this.#tokens.at(-2)?.text ?? '') : token.text)
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  next(): Token {
    const token = this.peek()
    if (token.kind === 'end') throw this.syntaxError()
    this.#at++
    return token
  }

  atEnd(): boolean {
    return this.peek().kind === 'end'
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  accept(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.#at++
    return true
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) throw this.syntaxError()
  }

  isKeyword(keyword: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toUpperCase() === keyword
  }

  /** Takes the keywords if all of them come next. */
  acceptKeyword(...keywords: string[]): boolean {
    if (!keywords.every((keyword, ahead) => this.isKeyword(keyword, ahead))) return false
    this.#at += keywords.length
    return true
  }

  expectKeyword(...keywords: string[]): void {
    for (const keyword of keywords) if (!this.acceptKeyword(keyword)) throw this.syntaxError()
  }

  /** One of the keywords, in upper case. */
  oneOf<T extends string>(...keywords: T[]): T {
    const found = keywords.find(keyword => this.acceptKeyword(keyword))
    if (!found) throw this.syntaxError()
    return found
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'quoted' || (token.kind === 'word' && !reserved.has(token.text.toUpperCase()))
  }

  name(): string {
    if (!this.isName()) throw this.syntaxError()
    return this.next().text
  }

  /** `a.b.c`; a part left out, as in `tempdb..t`, is an empty string. */
  path(): string[] {
    const path = [this.name()]
    while (this.accept('.')) path.push(this.isSymbol('.') ? '' : this.name())
    return path
  }

  variable(): string {
    const token = this.next()
    if (token.kind !== 'variable' || token.text.startsWith('@@')) throw this.syntaxError(token)
    return token.text
  }

  isVariable(): boolean {
    const token = this.peek()
    return token.kind === 'variable' && !token.text.startsWith('@@')
  }

  /** What `parse` finds, or undefined, and then nothing is taken. */
  attempt<T>(parse: () => T): T | undefined {
    const start = this.#at
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      this.#at = start
      return undefined
    }
  }

  list<T>(item: () => T): T[] {
    const items = [item()]
    while (this.accept(',')) items.push(item())
    return items
  }
}
