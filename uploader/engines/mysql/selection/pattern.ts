import { z } from 'zod'
import { quoteName } from '../sql/quote.ts'
import type { Piece } from './glob.ts'

/**
 * `database` or `database.table`, as an operator writes it. `*` and `?` are globs; what stands between backticks is taken as it is (a dot, a
 * glob sign, a backtick as two), and may be a part of a name: `` `shop.eu`.log_* ``. `database.*` is the database, as in a GRANT.
 */
export interface Pattern {
  text: string
  database: Piece[]
  /** Null for the database as a whole, with all that is in it. */
  table: Piece[] | null
}

export const Pattern = z.string().transform((text, context): Pattern => {
  const pattern = parse(text)
  if (typeof pattern !== 'string') return pattern
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is no pattern of databases or tables: ${pattern}`,
  })
  return z.NEVER
})

/** What is backed up of a server: what a pattern of `include` matches and none of `exclude`. */
export const Choice = z.strictObject({
  include: z
    .array(Pattern)
    .min(1)
    .default(() => [everyDatabase]),
  exclude: z.array(Pattern).default([]),
})
export type Choice = z.output<typeof Choice>

const everyDatabase: Pattern = { text: '*', database: [{ any: '*' }], table: null }

/** A pattern that matches this one table. */
export function exactly(database: string, table: string | null): Pattern {
  const text = table === null ? quoteName(database) : `${quoteName(database)}.${quoteName(table)}`
  return { text, database: [{ literal: database }], table: table === null ? null : [{ literal: table }] }
}

/** @returns the pattern, or why it is none */
function parse(text: string): Pattern | string {
  const parts: Piece[][] = [[]]
  for (const [sign] of text.matchAll(/`(?:[^`]|``)+`|[^`]/gsu)) {
    const part = parts.at(-1)!
    if (sign === '.') parts.push([])
    else if (sign === '*' || sign === '?') part.push({ any: sign })
    else if (sign.length > 1 && sign.startsWith('`')) part.push({ literal: sign.slice(1, -1).replaceAll('``', '`') })
    else part.push({ literal: sign })
  }
  const [database, table = null, ...more] = parts
  if (more.length > 0) return 'it has more than one dot; put a name with a dot between backticks'
  if (text.replace(/`(?:[^`]|``)+`/g, '').includes('`')) return 'a backtick has no other one'
  if (!database || database.length === 0 || table?.length === 0) return 'a name is empty'
  return { text, database, table: table?.every(isAny) ? null : table }
}

export function isAny(piece: Piece): boolean {
  return 'any' in piece && piece.any === '*'
}
