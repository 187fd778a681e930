import { OraError } from '../ora.ts'
import { parseExpression } from '../sql/parse-expression.ts'
import type { Tape } from '../sql/tape.ts'
import type { TypeName } from '../value.ts'
import type { Argument, Block, Statement, Target } from './syntax.ts'

const types: Record<string, TypeName> = {
  VARCHAR2: 'VARCHAR2',
  NUMBER: 'NUMBER',
  INTEGER: 'NUMBER',
  PLS_INTEGER: 'NUMBER',
  BINARY_INTEGER: 'NUMBER',
  RAW: 'RAW',
  BFILE: 'BFILE',
  BLOB: 'BLOB',
  DATE: 'DATE',
}

const symbol = (tape: Tape) =>
  new OraError(6550, `line 1, column ${tape.next.at + 1}:\nPLS-00103: Encountered the symbol "${tape.next.text}"`)

/** `[DECLARE ...] BEGIN ... [EXCEPTION WHEN OTHERS THEN ...] END;` @see PL/SQL Language Reference, "Block" */
export function parseBlock(tape: Tape): Block {
  const variables: Block['variables'] = []
  if (tape.takes('DECLARE')) while (!tape.sees('BEGIN')) variables.push(parseVariable(tape))
  tape.expect('BEGIN', symbol(tape))
  const body = parseBody(tape, 'EXCEPTION', 'END')
  let others: Statement[] | null = null
  if (tape.takes('EXCEPTION')) {
    if (!tape.takes('WHEN', 'OTHERS', 'THEN')) throw symbol(tape)
    others = parseBody(tape, 'END')
  }
  if (!tape.takes('END', ';')) throw symbol(tape)
  return { variables, body, others }
}

function parseVariable(tape: Tape): Block['variables'][number] {
  const name = tape.name()
  const type = types[tape.name()]
  if (!type) throw symbol(tape)
  if (tape.takes('(')) {
    tape.take()
    if (!tape.takes(')')) throw symbol(tape)
  }
  const value = tape.takes(':=') ? parseExpression(tape) : null
  if (!tape.takes(';')) throw symbol(tape)
  return { name, type, value }
}

function parseBody(tape: Tape, ...ends: string[]): Statement[] {
  const body: Statement[] = []
  while (!ends.some(end => tape.sees(end))) body.push(parseStatement(tape))
  return body
}

function parseStatement(tape: Tape): Statement {
  if (tape.sees('BEGIN') || tape.sees('DECLARE')) return { kind: 'block', block: parseBlock(tape) }
  if (tape.takes('IF')) return parseIf(tape)
  const statement = parseSimple(tape)
  if (!tape.takes(';')) throw symbol(tape)
  return statement
}

function parseSimple(tape: Tape): Statement {
  if (tape.takes('NULL')) return { kind: 'null' }
  if (tape.takes('EXECUTE', 'IMMEDIATE')) return { kind: 'execute', sql: parseExpression(tape) }
  if (tape.sees('SELECT')) return parseSelect(tape)
  if (tape.next.kind === 'bind') {
    const target = parseTarget(tape)
    if (!tape.takes(':=')) throw symbol(tape)
    return { kind: 'assign', target, value: parseExpression(tape) }
  }
  const parts = [tape.name()]
  while (tape.takes('.')) parts.push(tape.name())
  if (tape.takes(':='))
    return { kind: 'assign', target: { kind: 'variable', name: parts[0]! }, value: parseExpression(tape) }
  return { kind: 'call', procedure: parts.join('.').replace(/^SYS\./, ''), args: parseArguments(tape) }
}

function parseArguments(tape: Tape): Argument[] {
  const args: Argument[] = []
  if (!tape.takes('(')) return args
  while (!tape.takes(')')) {
    const name = tape.next.kind === 'word' && tape.after.text === '=>' ? tape.name() : null
    if (name !== null) tape.take()
    args.push({ name, expression: parseExpression(tape) })
    if (!tape.takes(',') && !tape.sees(')')) throw symbol(tape)
  }
  return args
}

function parseIf(tape: Tape): Statement {
  const branches: Extract<Statement, { kind: 'if' }>['branches'] = []
  do {
    const condition = parseExpression(tape)
    if (!tape.takes('THEN')) throw symbol(tape)
    branches.push({ condition, body: parseBody(tape, 'ELSIF', 'ELSE', 'END') })
  } while (tape.takes('ELSIF'))
  if (tape.takes('ELSE')) branches.push({ condition: null, body: parseBody(tape, 'END') })
  if (!tape.takes('END', 'IF', ';')) throw symbol(tape)
  return { kind: 'if', branches }
}

/** SELECT ... INTO ... FROM: INTO is read where the list of what is selected ends. */
function parseSelect(tape: Tape): Statement {
  const into: Target[] = []
  const query = tape.query(() => {
    if (!tape.takes('INTO')) return
    do into.push(parseTarget(tape))
    while (tape.takes(','))
  })
  return { kind: 'select', query, into }
}

function parseTarget(tape: Tape): Target {
  const token = tape.take()
  if (token.kind === 'bind') return { kind: 'bind', index: tape.bindIndex(token.text) }
  return { kind: 'variable', name: token.text }
}
