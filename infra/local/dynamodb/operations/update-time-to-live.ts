import { z } from 'zod'
import { invalid } from '../protocol/error.ts'
import { onTable, operation } from '../protocol/operation.ts'
import { tableName } from '../protocol/parameters.ts'

export const updateTimeToLive = operation({
  request: z.strictObject({
    TableName: tableName,
    TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().min(1).max(255), Enabled: z.boolean() }),
  }),
  needs: (service, input) => [onTable(service, 'UpdateTimeToLive', input.TableName)],
  run: ({ tables }, { TableName, TimeToLiveSpecification: specification }) => {
    const table = tables.get(TableName)
    const { AttributeName: name, Enabled: enabled } = specification
    if (enabled && table.timeToLive !== undefined) throw invalid('TimeToLive is already enabled')
    if (!enabled && table.timeToLive === undefined) throw invalid('TimeToLive is already disabled')
    if (!enabled && table.timeToLive !== name)
      throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${table.timeToLive}`)
    tables.setTimeToLive(table, enabled ? name : undefined)
    return { TimeToLiveSpecification: specification }
  },
})
