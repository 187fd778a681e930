import type { Parser } from './parser.ts'
import type { Statement } from './syntax.ts'

/** Source: Microsoft, "CREATE CREDENTIAL (Transact-SQL)". */
export function parseCreateCredential(parser: Parser): Statement {
  const name = parser.name()
  parser.expectKeyword('WITH', 'IDENTITY')
  const identity = assigned(parser)
  parser.expect(',')
  parser.expectKeyword('SECRET')
  return { kind: 'create-credential', name, identity, secret: assigned(parser) }
}

/** Source: Microsoft, "CREATE LOGIN (Transact-SQL)". */
export function parseCreateLogin(parser: Parser): Statement {
  const name = parser.name()
  parser.expectKeyword('WITH', 'PASSWORD')
  return { kind: 'create-login', name, password: assigned(parser) }
}

/** Source: Microsoft, "CREATE USER (Transact-SQL)". */
export function parseCreateUser(parser: Parser): Statement {
  const name = parser.name()
  parser.expectKeyword('FOR', 'LOGIN')
  return { kind: 'create-user', name, login: parser.name() }
}

/** Source: Microsoft, "ALTER ROLE (Transact-SQL)". */
export function parseAddMember(parser: Parser): Statement {
  const role = parser.name()
  parser.expectKeyword('ADD', 'MEMBER')
  return { kind: 'add-member', role, member: parser.name() }
}

/** Source: Microsoft, "GRANT (Transact-SQL)": of the server without ON, of an object with it. */
export function parseGrant(parser: Parser): Statement {
  parser.expectKeyword('GRANT')
  const permissions = parser.list(() => {
    const words = [parser.next().text.toUpperCase()]
    while (parser.peek().kind === 'word' && !parser.isKeyword('TO') && !parser.isKeyword('ON')) {
      words.push(parser.next().text.toUpperCase())
    }
    return words.join(' ')
  })
  const object = parser.acceptKeyword('ON') ? parser.path().join('.') : null
  parser.expectKeyword('TO')
  return { kind: 'grant', permissions, object, to: parser.name() }
}

function assigned(parser: Parser): string {
  parser.expect('=')
  const token = parser.next()
  if (token.kind !== 'string' && token.kind !== 'national') throw parser.syntaxError(token)
  return token.text
}
