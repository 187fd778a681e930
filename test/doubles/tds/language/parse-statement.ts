import {
  parseAddMember,
  parseCreateCredential,
  parseCreateLogin,
  parseCreateUser,
  parseGrant,
} from './parse-accounts.ts'
import { nameOrVariable, parseBackup, parseRestore } from './parse-backup.ts'
import { parseCondition, parseExpression, parseType } from './parse-expression.ts'
import { parseSelect } from './parse-select.ts'
import { Parser } from './parser.ts'
import type { ColumnDefinition, Execute, Insertion, Statement } from './syntax.ts'

/** A batch is understood as a whole before any of it runs. @throws SqlError */
export function parseBatch(source: string): Statement[] {
  const parser = new Parser(source, parseSelect)
  const statements: Statement[] = []
  while (true) {
    while (parser.accept(';'));
    if (parser.atEnd()) return statements
    statements.push(...parseStatement(parser))
  }
}

/** DECLARE of several variables is several statements. */
function parseStatement(parser: Parser): Statement[] {
  if (parser.acceptKeyword('DECLARE')) return parser.list(() => declaration(parser))
  return [single(parser)]
}

function single(parser: Parser): Statement {
  const keyword = parser.peek().text.toUpperCase()
  switch (parser.peek().kind === 'word' ? keyword : '') {
    case 'SELECT':
      return parseSelect(parser)
    case 'BACKUP':
      return parseBackup(parser)
    case 'RESTORE':
      return parseRestore(parser)
    case 'USE':
      parser.next()
      return { kind: 'use', database: parser.name() }
    case 'SET':
      return parseSet(parser)
    case 'CREATE':
      return parseCreate(parser)
    case 'GRANT':
      return parseGrant(parser)
    case 'DROP':
      return parseDrop(parser)
    case 'INSERT':
      return parseInsert(parser)
    case 'KILL':
      parser.next()
      return { kind: 'kill', id: parseExpression(parser) }
    case 'ALTER':
      return parseAlter(parser)
    case 'DBCC':
      return parseCheck(parser)
    case 'EXEC':
    case 'EXECUTE':
      return parseExecute(parser)
    case 'IF':
      return parseIf(parser)
    case 'BEGIN':
      return parseBegin(parser)
    case 'COMMIT':
    case 'ROLLBACK': {
      const action = parser.oneOf('COMMIT', 'ROLLBACK') === 'COMMIT' ? 'commit' : 'rollback'
      if (!parser.acceptKeyword('TRANSACTION')) parser.acceptKeyword('TRAN')
      return { kind: 'transaction', action }
    }
    case 'PRINT':
      parser.next()
      return { kind: 'print', value: parseExpression(parser) }
    default:
      throw parser.syntaxError()
  }
}

function declaration(parser: Parser): Statement {
  const name = parser.variable()
  parser.acceptKeyword('AS')
  if (parser.acceptKeyword('TABLE')) return { kind: 'declare-table', name, columns: columns(parser) }
  const type = parseType(parser)
  return { kind: 'declare', name, type, value: parser.accept('=') ? parseExpression(parser) : null }
}

/** Options of the session that change nothing in what the double answers. Source: Microsoft, "SET Statements (Transact-SQL)". */
const switches = new Set(
  `ANSI_NULLS ANSI_NULL_DFLT_ON ANSI_PADDING ANSI_WARNINGS ARITHABORT CONCAT_NULL_YIELDS_NULL CURSOR_CLOSE_ON_COMMIT IMPLICIT_TRANSACTIONS
  NOCOUNT NUMERIC_ROUNDABORT QUOTED_IDENTIFIER XACT_ABORT`.split(/\s+/),
)
const settings = new Set(['TEXTSIZE', 'DATEFIRST', 'DATEFORMAT', 'LANGUAGE', 'LOCK_TIMEOUT', 'DEADLOCK_PRIORITY'])

function parseSet(parser: Parser): Statement {
  parser.expectKeyword('SET')
  if (parser.isVariable()) {
    const name = parser.variable()
    parser.expect('=')
    return { kind: 'set-variable', name, value: parseExpression(parser) }
  }
  if (parser.acceptKeyword('TRANSACTION', 'ISOLATION', 'LEVEL')) {
    if (parser.acceptKeyword('READ')) parser.oneOf('COMMITTED', 'UNCOMMITTED')
    else if (!parser.acceptKeyword('REPEATABLE', 'READ')) parser.oneOf('SERIALIZABLE', 'SNAPSHOT')
    return { kind: 'set-option' }
  }
  const token = parser.next()
  const option = token.text.toUpperCase()
  if (switches.has(option)) {
    parser.oneOf('ON', 'OFF')
  } else if (settings.has(option)) {
    parser.accept('-')
    parser.next()
  } else {
    throw parser.syntaxError(token)
  }
  return { kind: 'set-option' }
}

/** `#t`, `tempdb..#t`. */
function tableName(parser: Parser): string {
  return parser.path().at(-1)!
}

function columns(parser: Parser): ColumnDefinition[] {
  parser.expect('(')
  const found = parser.list(() => {
    const name = parser.name()
    const type = parseType(parser)
    if (parser.acceptKeyword('NOT', 'NULL') || parser.acceptKeyword('NULL')) return { name, type }
    return { name, type }
  })
  parser.expect(')')
  return found
}

function parseCreate(parser: Parser): Statement {
  parser.expectKeyword('CREATE')
  switch (parser.oneOf('TABLE', 'CREDENTIAL', 'LOGIN', 'USER')) {
    case 'TABLE':
      return { kind: 'create-table', name: tableName(parser), columns: columns(parser) }
    case 'CREDENTIAL':
      return parseCreateCredential(parser)
    case 'LOGIN':
      return parseCreateLogin(parser)
    case 'USER':
      return parseCreateUser(parser)
  }
}

function parseDrop(parser: Parser): Statement {
  parser.expectKeyword('DROP')
  const what = parser.oneOf('TABLE', 'DATABASE', 'CREDENTIAL', 'LOGIN', 'USER')
  if (what === 'CREDENTIAL') return { kind: 'drop-credential', name: parser.name() }
  if (what === 'USER') return { kind: 'drop-user', name: parser.name() }
  if (what === 'LOGIN') return { kind: 'drop-login', name: parser.name() }
  const ifExists = parser.acceptKeyword('IF', 'EXISTS')
  return what === 'TABLE'
    ? { kind: 'drop-table', name: tableName(parser), ifExists }
    : { kind: 'drop-database', database: parser.name(), ifExists }
}

function parseInsert(parser: Parser): Statement {
  parser.expectKeyword('INSERT')
  parser.acceptKeyword('INTO')
  const table = parser.isVariable() ? nameOrVariable(parser) : ({ kind: 'name', name: tableName(parser) } as const)
  const named = parser.isSymbol('(') ? names(parser) : []
  return { kind: 'insert', table, columns: named, source: insertion(parser) }
}

function names(parser: Parser): string[] {
  parser.expect('(')
  const found = parser.list(() => parser.name())
  parser.expect(')')
  return found
}

function insertion(parser: Parser): Insertion {
  if (parser.isKeyword('SELECT')) return { kind: 'select', select: parseSelect(parser) }
  if (parser.isKeyword('EXEC') || parser.isKeyword('EXECUTE')) {
    return { kind: 'execute', execute: parseExecute(parser) }
  }
  parser.expectKeyword('VALUES')
  const rows = parser.list(() => {
    parser.expect('(')
    const row = parser.list(() => parseExpression(parser))
    parser.expect(')')
    return row
  })
  return { kind: 'values', rows }
}

function parseAlter(parser: Parser): Statement {
  parser.expectKeyword('ALTER')
  if (parser.oneOf('DATABASE', 'ROLE') === 'ROLE') return parseAddMember(parser)
  const database = parser.name()
  parser.expectKeyword('SET')
  const set: string[] = []
  while (!parser.atEnd() && !parser.isSymbol(';') && parser.peek().kind === 'word') {
    set.push(parser.next().text.toUpperCase())
  }
  if (set.length === 0) throw parser.syntaxError()
  return { kind: 'alter-database', database, set }
}

function parseCheck(parser: Parser): Statement {
  parser.expectKeyword('DBCC', 'CHECKDB')
  let database = null
  if (parser.accept('(')) {
    const token = parser.peek()
    if (token.kind === 'string' || token.kind === 'national')
      database = { kind: 'name', name: parser.next().text } as const
    else database = nameOrVariable(parser)
    parser.expect(')')
  }
  if (parser.acceptKeyword('WITH')) {
    parser.list(() => parser.oneOf('NO_INFOMSGS', 'ALL_ERRORMSGS', 'PHYSICAL_ONLY', 'TABLOCK'))
  }
  return { kind: 'check-database', database }
}

function parseExecute(parser: Parser): Execute {
  parser.oneOf('EXEC', 'EXECUTE')
  if (parser.accept('(')) {
    const text = parseExpression(parser)
    parser.expect(')')
    return { kind: 'execute-text', text }
  }
  const path = parser.path()
  const first = parser.peek()
  const some = first.kind === 'variable' || ['string', 'national', 'number'].includes(first.kind)
  const values = some
    ? parser.list(() => {
        const named = parser.isVariable() && parser.isSymbol('=', 1)
        const name = named ? parser.variable() : null
        if (named) parser.expect('=')
        return { name, value: parseExpression(parser) }
      })
    : []
  return { kind: 'execute', path, arguments: values }
}

function parseIf(parser: Parser): Statement {
  parser.expectKeyword('IF')
  const condition = parseCondition(parser)
  const body = single(parser)
  parser.accept(';')
  return { kind: 'if', condition, body, otherwise: parser.acceptKeyword('ELSE') ? single(parser) : null }
}

function parseBegin(parser: Parser): Statement {
  parser.expectKeyword('BEGIN')
  if (parser.acceptKeyword('TRANSACTION') || parser.acceptKeyword('TRAN'))
    return { kind: 'transaction', action: 'begin' }
  const statements: Statement[] = []
  while (true) {
    while (parser.accept(';'));
    if (parser.acceptKeyword('END')) return { kind: 'block', statements }
    statements.push(...parseStatement(parser))
  }
}
