import { type Name, TokenReader } from './token-reader.ts'
import type { Token } from './tokens.ts'

/** A name somewhere in a statement. */
export interface FoundName extends Name {
  /** It stands where a table does: behind FROM, JOIN and the like. */
  table: boolean
  /** It stands where a routine does: before a bracket, or behind CALL. */
  routine: boolean
}

const beforeTable = ['FROM', 'JOIN', 'INTO', 'UPDATE', 'TABLE', 'REFERENCES']
/** `ON UPDATE CASCADE`, `ON DUPLICATE KEY UPDATE column`, `FOR UPDATE`. */
const notBeforeUpdate = ['ON', 'KEY', 'FOR']
const modifiers = [
  'TABLE',
  'LOW_PRIORITY',
  'HIGH_PRIORITY',
  'DELAYED',
  'QUICK',
  'IGNORE',
  'ONLY',
  'IF',
  'NOT',
  'EXISTS',
]

/** Every name of a statement (keywords among them, where they are not told apart), as far as its text tells what it is. */
export function* namesIn(tokens: Iterator<Token>): Generator<FoundName> {
  const reader = new TokenReader(tokens)
  let before = ''
  /** The names after a comma are tables as well. */
  let listed = false
  while (reader.peek()) {
    const keyword = reader.keyword()
    if (reader.isSign('@')) {
      reader.next() // a variable, or the host of an account
      reader.next()
      before = ''
      continue
    }
    if (reader.isSign(',') && listed) {
      reader.next()
      before = ','
      continue
    }
    const expected = (before === ',' && listed) || isBeforeTable(before)
    if (expected && reader.skip(...modifiers)) continue
    const found = reader.name()
    if (!found) {
      reader.next()
      before = ''
      listed = false
      continue
    }
    const table = expected
    const routine = reader.isSign('(') || before === 'CALL'
    yield { ...found, table, routine }
    if (table) {
      reader.skip('AS')
      if (reader.isSign(',', 1)) reader.name() // an alias
      listed = true
      before = ''
      continue
    }
    listed = false
    before = keyword === 'UPDATE' && notBeforeUpdate.includes(before) ? '' : found.database === null ? keyword : ''
  }
}

function isBeforeTable(keyword: string): boolean {
  return beforeTable.includes(keyword)
}
