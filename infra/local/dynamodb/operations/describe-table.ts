import { z } from 'zod'
import { onTable, operation } from '../protocol/operation.ts'
import { tableName } from '../protocol/parameters.ts'
import { describe } from '../tables/describe.ts'

export const describeTable = operation({
  request: z.strictObject({ TableName: tableName }),
  needs: (service, input) => [onTable(service, 'DescribeTable', input.TableName)],
  run: ({ tables }, input) => ({ Table: describe(tables, tables.get(input.TableName), 'ACTIVE') }),
})
