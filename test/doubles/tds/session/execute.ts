import { parseDeclarations } from '../language/parse-declarations.ts'
import type { Execute, Expression } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import type { Variable } from '../query/context.ts'
import { convert } from '../query/convert.ts'
import { type SqlType, type SqlValue, typeOf } from '../query/types.ts'

/** What EXECUTE needs of the batch that it stands in. */
export interface Caller {
  typed(expression: Expression): { type: SqlType; value: SqlValue }
  /** Runs a text as a batch of its own, with the variables that it is given and no others. */
  nested(text: string, variables: Map<string, Variable>): Promise<void>
}

/** EXEC ('…') and EXEC sp_executesql. @throws SqlError 2812 for any other procedure */
export async function execute(statement: Execute, caller: Caller): Promise<void> {
  if (statement.kind === 'execute-text') {
    return caller.nested(String(caller.typed(statement.text).value ?? ''), new Map())
  }
  const name = statement.path.at(-1)!
  if (name.toLowerCase() !== 'sp_executesql') throw refused(2812, statement.path.join('.'))
  const [text, declared, ...values] = statement.arguments
  if (!text) throw refused(201, 'sp_executesql', '@statement')
  const declarations = declared ? parseDeclarations(String(caller.typed(declared.value).value ?? '')) : []
  const variables = new Map<string, Variable>()
  for (const [at, { name: parameter, type: typeName }] of declarations.entries()) {
    const given = values.find(each => each.name?.toLowerCase() === parameter.toLowerCase()) ?? values[at]
    if (!given) throw refused(201, 'sp_executesql', parameter)
    const type = typeOf(typeName, 1)
    const { value, type: from } = caller.typed(given.value)
    variables.set(parameter.toLowerCase(), { type, value: convert(value, from, type) })
  }
  await caller.nested(String(caller.typed(text.value).value ?? ''), variables)
}
