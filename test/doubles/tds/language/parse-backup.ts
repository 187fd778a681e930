import { refused } from '../model/sql-error.ts'
import type { Parser } from './parser.ts'
import type { DeviceName, Expression, NameOrVariable, Statement, WithOption } from './syntax.ts'

/** How an option is written. Source: Microsoft, "BACKUP (Transact-SQL)"; "RESTORE Statements - Arguments (Transact-SQL)". */
type Form = 'alone' | 'value' | 'maybe' | 'move' | 'mark' | 'list'

const backupOptions: Record<string, Form> = {
  FORMAT: 'alone',
  NOFORMAT: 'alone',
  INIT: 'alone',
  NOINIT: 'alone',
  SKIP: 'alone',
  NOSKIP: 'alone',
  CHECKSUM: 'alone',
  NO_CHECKSUM: 'alone',
  STOP_ON_ERROR: 'alone',
  CONTINUE_AFTER_ERROR: 'alone',
  COMPRESSION: 'list',
  NO_COMPRESSION: 'alone',
  COPY_ONLY: 'alone',
  STATS: 'maybe',
  NAME: 'value',
  DESCRIPTION: 'value',
  MEDIANAME: 'value',
  MEDIADESCRIPTION: 'value',
  MAXTRANSFERSIZE: 'value',
  BUFFERCOUNT: 'value',
  BLOCKSIZE: 'value',
  NOREWIND: 'alone',
  NOUNLOAD: 'alone',
}

const restoreOptions: Record<string, Form> = {
  CHECKSUM: 'alone',
  NO_CHECKSUM: 'alone',
  STOP_ON_ERROR: 'alone',
  CONTINUE_AFTER_ERROR: 'alone',
  STATS: 'maybe',
  FILE: 'value',
  MAXTRANSFERSIZE: 'value',
  BUFFERCOUNT: 'value',
  NOREWIND: 'alone',
  NOUNLOAD: 'alone',
}

const rebuildOptions: Record<string, Form> = {
  ...restoreOptions,
  RECOVERY: 'alone',
  NORECOVERY: 'alone',
  STANDBY: 'value',
  REPLACE: 'alone',
  RESTRICTED_USER: 'alone',
  MOVE: 'move',
  STOPAT: 'value',
  STOPATMARK: 'mark',
  STOPBEFOREMARK: 'mark',
}

const backupFor = {
  DATABASE: { ...backupOptions, DIFFERENTIAL: 'alone' },
  LOG: { ...backupOptions, NORECOVERY: 'alone', STANDBY: 'value', NO_TRUNCATE: 'alone' },
} satisfies Record<string, Record<string, Form>>

export function parseBackup(parser: Parser): Statement {
  parser.expectKeyword('BACKUP')
  const what = parser.oneOf('DATABASE', 'LOG')
  const database = nameOrVariable(parser)
  parser.expectKeyword('TO')
  const devices = parser.list(() => device(parser, 'DISK', 'URL'))
  const options = parseOptions(parser, `BACKUP ${what}`, backupFor[what])
  return { kind: 'backup', what, database, devices, options }
}

export function parseRestore(parser: Parser): Statement {
  parser.expectKeyword('RESTORE')
  const what = parser.oneOf('DATABASE', 'LOG', 'HEADERONLY', 'FILELISTONLY', 'VERIFYONLY', 'LABELONLY')
  const rebuilds = what === 'DATABASE' || what === 'LOG'
  const database = rebuilds ? nameOrVariable(parser) : null
  const devices = parser.acceptKeyword('FROM') ? parser.list(() => device(parser, 'DISK')) : []
  if (devices.length === 0 && !rebuilds) throw parser.syntaxError()
  const options = parseOptions(parser, 'RESTORE', rebuilds ? rebuildOptions : { ...restoreOptions, MOVE: 'move' })
  return { kind: 'restore', what, database, devices, options }
}

export function nameOrVariable(parser: Parser): NameOrVariable {
  return parser.isVariable() ? { kind: 'variable', name: parser.variable() } : { kind: 'name', name: parser.name() }
}

/** @param media that the double knows for the statement */
function device(parser: Parser, ...media: DeviceName['medium'][]): DeviceName {
  const medium = parser.oneOf(...media)
  parser.expect('=')
  return { medium, name: value(parser) }
}

/** A text, a number or a variable: BACKUP and RESTORE take no other expression. */
function value(parser: Parser): Expression {
  const token = parser.next()
  switch (token.kind) {
    case 'string':
    case 'national':
    case 'number':
      return { kind: 'literal', type: token.kind, text: token.text }
    case 'variable':
      return { kind: 'variable', name: token.text }
    default:
      throw parser.syntaxError(token)
  }
}

function parseOptions(parser: Parser, statement: string, known: Record<string, Form>): WithOption[] {
  if (!parser.acceptKeyword('WITH')) return []
  return parser.list(() => {
    const token = parser.next()
    const name = token.text.toUpperCase()
    if (token.kind !== 'word') throw parser.syntaxError(token)
    const form = Object.hasOwn(known, name) ? known[name] : undefined
    switch (form) {
      case undefined:
        throw refused(155, token.text, statement)
      case 'alone':
        return { name, value: null, second: null }
      case 'value':
        parser.expect('=')
        return { name, value: value(parser), second: null }
      case 'maybe':
        return { name, value: parser.accept('=') ? value(parser) : null, second: null }
      case 'move': {
        const from = value(parser)
        parser.expectKeyword('TO')
        return { name, value: from, second: value(parser) }
      }
      case 'mark': {
        parser.expect('=')
        const mark = value(parser)
        return { name, value: mark, second: parser.acceptKeyword('AFTER') ? value(parser) : null }
      }
      case 'list':
        return { name, value: algorithm(parser), second: null }
    }
  })
}

/** COMPRESSION (ALGORITHM = ZSTD). */
function algorithm(parser: Parser): Expression | null {
  if (!parser.accept('(')) return null
  parser.expectKeyword('ALGORITHM')
  parser.expect('=')
  const text = parser.oneOf('ZSTD', 'MS_XPRESS', 'QAT_DEFLATE')
  parser.expect(')')
  return { kind: 'literal', type: 'string', text }
}
