import { parseType } from './parse-expression.ts'
import { parseSelect } from './parse-select.ts'
import { Parser } from './parser.ts'
import type { ColumnDefinition } from './syntax.ts'

/** The parameters of sp_executesql and sp_prepare: `@db nvarchar(128), @n int`. @throws SqlError 102 */
export function parseDeclarations(source: string): ColumnDefinition[] {
  const parser = new Parser(source, parseSelect)
  if (parser.atEnd()) return []
  const declared = parser.list(() => {
    const name = parser.variable()
    const type = parseType(parser)
    if (parser.isKeyword('OUTPUT') || parser.isKeyword('OUT')) parser.next()
    return { name, type }
  })
  if (!parser.atEnd()) throw parser.syntaxError()
  return declared
}
