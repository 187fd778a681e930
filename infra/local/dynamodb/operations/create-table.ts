import { onTable, operation } from '../protocol/operation.ts'
import { tableDefinition } from '../tables/definition.ts'
import { describe } from '../tables/describe.ts'

export const createTable = operation({
  request: tableDefinition,
  needs: (service, input) => [onTable(service, 'CreateTable', input.TableName)],
  run: ({ tables, now }, input) => ({
    TableDescription: describe(tables, tables.create(input, now()), 'CREATING'),
  }),
})
