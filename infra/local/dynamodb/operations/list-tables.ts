import { z } from 'zod'
import { operation } from '../protocol/operation.ts'
import { tableName } from '../protocol/parameters.ts'

export const listTables = operation({
  request: z.strictObject({
    ExclusiveStartTableName: tableName.optional(),
    Limit: z.int().min(1).max(100).default(100),
  }),
  needs: () => [{ action: 'ListTables', resource: '*' }],
  run: ({ tables }, { ExclusiveStartTableName: start, Limit: limit }) => {
    const names = tables.names().filter(name => start === undefined || name > start)
    const page = names.slice(0, limit)
    return { TableNames: page, LastEvaluatedTableName: names.length > limit ? page.at(-1) : undefined }
  },
})
