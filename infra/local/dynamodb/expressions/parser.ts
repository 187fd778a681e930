import { type DynamodbError, invalid } from '../protocol/error.ts'
import type { AttributeValue } from '../values/attribute.ts'
import { lex, type Token } from './lex.ts'
import type { Path } from './path.ts'
import type { Placeholders } from './placeholders.ts'
import { isReserved } from './reserved.ts'

export type ExpressionKind =
  | 'ConditionExpression'
  | 'FilterExpression'
  | 'KeyConditionExpression'
  | 'ProjectionExpression'
  | 'UpdateExpression'

const maxBytes = 4096
const maxDepth = 32
/** AWS counts at most 300 operators; a limit on nesting also keeps the recursion of the parsers small. */
const maxNesting = 300

/** What the grammars have in common: tokens, names, values and document paths. */
export class Parser {
  readonly kind: ExpressionKind
  readonly #source: string
  readonly #tokens: Token[]
  readonly #placeholders: Placeholders
  #at = 0
  #nesting = 0

  constructor(kind: ExpressionKind, source: string, placeholders: Placeholders) {
    this.kind = kind
    this.#source = source
    this.#placeholders = placeholders
    if (source.trim() === '') throw this.wrong('The expression can not be empty;')
    if (Buffer.byteLength(source) > maxBytes)
      throw this.wrong(
        `Expression size has exceeded the maximum allowed size; expression size: ${Buffer.byteLength(source)}`,
      )
    this.#tokens = lex(source)
  }

  wrong(message: string): DynamodbError {
    return invalid(`Invalid ${this.kind}: ${message}`)
  }

  syntaxError(token: Token = this.peek()): DynamodbError {
    const index = this.#tokens.indexOf(token)
    const from = this.#tokens[Math.max(0, index - 1)]!.start
    const to = this.#tokens[Math.min(this.#tokens.length - 1, index + 1)]!.end
    return this.wrong(`Syntax error; token: "${token.text}", near: "${this.#source.slice(from, to)}"`)
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  /** Takes the symbol if it comes next. */
  accept(symbol: string): boolean {
    const token = this.peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#at++
    return true
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) throw this.syntaxError()
  }

  isKeyword(keyword: string): boolean {
    const token = this.peek()
    return token.kind === 'word' && token.text.toUpperCase() === keyword
  }

  acceptKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false
    this.#at++
    return true
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.syntaxError()
  }

  nested<T>(parse: () => T): T {
    if (++this.#nesting > maxNesting) throw this.wrong('The expression is nested too deeply;')
    const result = parse()
    this.#nesting--
    return result
  }

  value(): { name: string; value: AttributeValue } {
    const token = this.next()
    if (token.kind !== 'value') throw this.syntaxError(token)
    const value = this.#placeholders.value(token.text)
    if (value === undefined)
      throw this.wrong(
        `An expression attribute value used in expression is not defined; attribute value: ${token.text}`,
      )
    return { name: token.text, value }
  }

  path(): Path {
    const path: Path = [this.#name()]
    while (true) {
      if (this.accept('.')) path.push(this.#name())
      else if (this.accept('[')) {
        const index = this.next()
        if (index.kind !== 'number') throw this.syntaxError(index)
        path.push(Number(index.text))
        this.expect(']')
      } else break
    }
    if (path.length > maxDepth) throw this.wrong('The document path has too many nesting elements;')
    return path
  }

  #name(): string {
    const token = this.next()
    if (token.kind === 'name') {
      const name = this.#placeholders.name(token.text)
      if (name !== undefined) return name
      throw this.wrong(
        `An expression attribute name used in the document path is not defined; attribute name: ${token.text}`,
      )
    }
    if (token.kind !== 'word' || token.text.startsWith('_')) throw this.syntaxError(token)
    if (isReserved(token.text))
      throw this.wrong(`Attribute name is a reserved keyword; reserved keyword: ${token.text}`)
    return token.text
  }
}
