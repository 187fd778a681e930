import { z } from 'zod'
import { invalid } from '../protocol/error.ts'
import { onTable, operation } from '../protocol/operation.ts'
import { tableName } from '../protocol/parameters.ts'
import { describe } from '../tables/describe.ts'

export const deleteTable = operation({
  request: z.strictObject({ TableName: tableName }),
  needs: (service, input) => [onTable(service, 'DeleteTable', input.TableName)],
  run: ({ tables }, input) => {
    const table = tables.get(input.TableName)
    if (table.definition.DeletionProtectionEnabled)
      throw invalid('Resource cannot be deleted as it is currently protected against deletion.')
    const description = describe(tables, table, 'DELETING')
    tables.remove(table)
    return { TableDescription: description }
  },
})
