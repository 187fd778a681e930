import type { Token } from './tokens.ts'

/** A name as a statement has it; the database it is in where that is not said is the caller's to know. */
export interface Name {
  database: string | null
  name: string
}

/** Looks at a statement one token after the other. */
export class TokenReader {
  readonly #tokens: Iterator<Token>
  #waiting: Token[] = []

  constructor(tokens: Iterator<Token>) {
    this.#tokens = tokens
  }

  /** @param ahead how many tokens behind the next one */
  peek(ahead = 0): Token | undefined {
    while (this.#waiting.length <= ahead) {
      const { done, value } = this.#tokens.next()
      if (done) return undefined
      this.#waiting.push(value)
    }
    return this.#waiting[ahead]
  }

  next(): Token | undefined {
    const token = this.peek()
    this.#waiting.shift()
    return token
  }

  /** The next token as a keyword in capitals, '' where it cannot be one. */
  keyword(ahead = 0): string {
    const token = this.peek(ahead)
    return token?.kind === 'word' ? token.value.toUpperCase() : ''
  }

  /** Passes over those of the words that come now, in any order. @returns whether there were any */
  skip(...words: string[]): boolean {
    let skipped = false
    for (; words.includes(this.keyword()); skipped = true) this.next()
    return skipped
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token?.kind === 'sign' && token.value === sign
  }

  /** `name`, `database.name` or the beginning of a longer chain; undefined, and nothing passed over, where no name comes. */
  name(): Name | undefined {
    if (!this.#isName(0)) return undefined
    const first = this.next()!.value
    if (!this.isSign('.') || !this.#isName(1)) return { database: null, name: first }
    this.next()
    const second = this.next()!.value
    while (this.isSign('.') && this.#isName(1)) {
      this.next()
      this.next()
    }
    return { database: first, name: second }
  }

  #isName(ahead: number): boolean {
    const token = this.peek(ahead)
    return token?.kind === 'name' || (token?.kind === 'word' && !/^\d+$/.test(token.value))
  }
}
