import { hash } from 'node:crypto'
import type { Database } from '../database.ts'
import { DynamodbError } from '../protocol/error.ts'

const lifetime = 10 * 60 * 1000

/** Remembers which transactions were done under which ClientRequestToken, for ten minutes. */
export class Tokens {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Claims a token; call it in the transaction that does the work, so that both are kept or neither.
   * @returns false when the same request was already done under this token
   * @throws IdempotentParameterMismatchException when another was
   */
  claim(token: string, payload: unknown, now: Date): boolean {
    const fingerprint = hash('sha256', JSON.stringify(payload, sortMembers))
    const known = this.#database.get(
      'SELECT fingerprint FROM tokens WHERE token = ? AND created > ?',
      token,
      now.getTime() - lifetime,
    )
    if (known?.fingerprint === fingerprint) return false
    if (known)
      throw new DynamodbError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request. ' +
          'Do not reuse a client token with different requests, unless the requests are identical',
      )
    this.#database.run(
      'INSERT OR REPLACE INTO tokens (token, fingerprint, created) VALUES (?, ?, ?)',
      token,
      fingerprint,
      now.getTime(),
    )
    return true
  }

  sweep(now: Date): void {
    this.#database.run('DELETE FROM tokens WHERE created <= ?', now.getTime() - lifetime)
  }
}

function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
