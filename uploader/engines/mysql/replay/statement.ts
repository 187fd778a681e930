import { namesIn } from '../sql/names.ts'
import { type Name, TokenReader } from '../sql/token-reader.ts'
import { type Quoting, tokens } from '../sql/tokens.ts'

export interface Table {
  database: string
  name: string
}

/**
 * What a statement of a log changes, as far as its text tells:
 * - `server`: accounts and the like, which are in no database
 * - `program`: a routine, event or library of a database; `trigger`: one whose table is not said
 * - `tables`: tables, views (`view`), sequences; `reads` are those it needs besides
 * - `anything`: what cannot be told
 */
export type Statement =
  | { concerns: 'server' }
  | { concerns: 'database' | 'program' | 'trigger'; database: string }
  | { concerns: 'tables'; writes: Table[]; reads: Table[]; view: boolean }
  | { concerns: 'anything' }

const ofServer = ['USER', 'ROLE', 'SERVER', 'TABLESPACE', 'LOGFILE', 'RESOURCE', 'UNDO', 'INSTANCE', 'REFERENCE']
const programs = ['PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE', 'LIBRARY']
const databaseOptions = ['DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE', 'ENCRYPTION', 'READ', 'COMMENT', 'UPGRADE']
const kinds = [
  ...['DATABASE', 'SCHEMA', 'TABLE', 'TABLES', 'SEQUENCE', 'VIEW', 'TRIGGER', 'INDEX'],
  ...programs,
  ...ofServer,
]

/** @param database the current one when the statement ran */
export function parseStatement(sql: string, database: string, quoting: Quoting): Statement {
  const reader = new TokenReader(tokens(sql, quoting))
  if (reader.keyword() === 'SET' && reader.keyword(1) === 'STATEMENT')
    while (reader.peek() && reader.keyword() !== 'FOR') reader.next()
  reader.skip('FOR')
  const verb = reader.keyword()
  switch (verb) {
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
      reader.next()
      return ofObject(verb, reader, database)
    case 'RENAME':
      reader.next()
      if (!reader.skip('TABLE', 'TABLES')) return { concerns: 'server' }
      return tables(listOf(reader, database, ['TO']))
    case 'TRUNCATE':
      reader.next()
      reader.skip('TABLE')
      return tables(listOf(reader, database))
    case 'INSERT':
    case 'REPLACE': {
      reader.next()
      reader.skip('LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'IGNORE')
      const into = reader.skip('INTO')
      const first = reader.name()
      const reads = tablesIn(sql, database, quoting).slice(into ? 1 : 0)
      return tables(first ? [inDatabase(first, database)] : [], reads)
    }
    case 'UPDATE':
    case 'DELETE':
    case 'WITH':
      return tables(tablesIn(sql, database, quoting))
    case 'GRANT':
    case 'REVOKE':
    case 'SET':
    case 'INSTALL':
    case 'UNINSTALL':
      return { concerns: 'server' }
    default:
      return { concerns: 'anything' }
  }
}

function ofObject(verb: string, reader: TokenReader, database: string): Statement {
  const kind = kindOf(reader)
  const named = () => {
    reader.skip('IF', 'NOT', 'EXISTS')
    return reader.name()
  }
  switch (kind) {
    case 'DATABASE':
    case 'SCHEMA': {
      reader.skip('IF', 'NOT', 'EXISTS')
      const current = !reader.peek() || databaseOptions.includes(reader.keyword())
      return { concerns: 'database', database: (current ? undefined : reader.name()?.name) ?? database }
    }
    case 'VIEW':
      reader.skip('IF', 'NOT', 'EXISTS')
      return tables(verb === 'DROP' ? listOf(reader, database) : listOf(reader, database).slice(0, 1), [], true)
    case 'TABLE':
    case 'TABLES':
    case 'SEQUENCE': {
      reader.skip('IF', 'NOT', 'EXISTS')
      if (verb === 'DROP') return tables(listOf(reader, database))
      const table = reader.name()
      return table ? definition(verb, inDatabase(table, database), reader, database) : { concerns: 'anything' }
    }
    case 'TRIGGER': {
      const trigger = named()
      const own = trigger?.database ?? database
      if (verb === 'DROP') return { concerns: 'trigger', database: own }
      return onTable(reader, own)
    }
    case 'INDEX':
      return onTable(reader, database)
    case undefined:
      return { concerns: 'anything' }
  }
  if (ofServer.includes(kind)) return { concerns: 'server' }
  if (kind === 'PACKAGE') reader.skip('BODY')
  const program = named()
  if (reader.keyword() === 'RETURNS' && reader.keyword(2) === 'SONAME') return { concerns: 'server' }
  return { concerns: 'program', database: program?.database ?? database }
}

/** Passes over what stands between the verb and the kind of the object, an account as DEFINER too. */
function kindOf(reader: TokenReader): string | undefined {
  for (let token = reader.next(); token; token = reader.next()) {
    if (token.kind !== 'word') continue
    const keyword = token.value.toUpperCase()
    if (keyword === 'DEFINER' && reader.isSign('=')) {
      reader.next() // =
      reader.next()
      if (!reader.isSign('@')) continue
      reader.next()
      reader.next()
    } else if (kinds.includes(keyword)) return keyword
  }
  return undefined
}

/** What else a CREATE or ALTER TABLE names: what it is renamed to or exchanged with is changed; what it refers to or is made from is read. */
function definition(verb: string, table: Table, reader: TokenReader, database: string): Statement {
  const [writes, reads] = [[table], [] as Table[]]
  let before = ''
  while (reader.peek()) {
    const keyword = reader.keyword()
    reader.next()
    const renames = keyword === 'RENAME' && verb === 'ALTER' && !['COLUMN', 'INDEX', 'KEY'].includes(reader.keyword())
    if (renames) {
      reader.skip('TO', 'AS')
      if (reader.isSign('=')) reader.next()
    }
    const found = renames || (keyword === 'TABLE' && verb === 'ALTER') ? reader.name() : undefined
    if (found) writes.push(inDatabase(found, database))
    else if (keyword === 'REFERENCES') push(reads, reader.name(), table.database)
    else if (keyword === 'FROM' || keyword === 'JOIN' || (keyword === 'LIKE' && verb === 'CREATE' && before === ''))
      push(reads, reader.name(), database)
    if (keyword !== '') before = keyword
  }
  return tables(writes, reads)
}

function onTable(reader: TokenReader, database: string): Statement {
  while (reader.peek() && reader.keyword() !== 'ON') reader.next()
  reader.next()
  const table = reader.name()
  return table ? tables([inDatabase(table, database)]) : { concerns: 'anything' }
}

/** @param also words that separate names as a comma does */
function listOf(reader: TokenReader, database: string, also: string[] = []): Table[] {
  const list: Table[] = []
  do {
    reader.skip('IF', 'EXISTS')
    const name = reader.name()
    if (!name) break
    list.push(inDatabase(name, database))
    if (also.length > 0 && ['WAIT', 'NOWAIT'].includes(reader.keyword()))
      while (reader.peek() && !also.includes(reader.keyword())) reader.next()
  } while (next(reader, also))
  return list
}

function next(reader: TokenReader, also: string[]): boolean {
  if (also.includes(reader.keyword())) return reader.next() !== undefined
  return reader.isSign(',') && reader.next() !== undefined
}

function tablesIn(sql: string, database: string, quoting: Quoting): Table[] {
  const found: Table[] = []
  for (const name of namesIn(tokens(sql, quoting))) if (name.table) found.push(inDatabase(name, database))
  return found
}

function tables(writes: Table[], reads: Table[] = [], view = false): Statement {
  return writes.length === 0 ? { concerns: 'anything' } : { concerns: 'tables', writes, reads, view }
}

function push(list: Table[], name: Name | undefined, database: string): void {
  if (name) list.push(inDatabase(name, database))
}

function inDatabase({ database, name }: Name, current: string): Table {
  return { database: database ?? current, name }
}
