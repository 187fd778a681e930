import { z } from 'zod'
import { onTable, operation } from '../protocol/operation.ts'
import { tableName } from '../protocol/parameters.ts'

export const describeTimeToLive = operation({
  request: z.strictObject({ TableName: tableName }),
  needs: (service, input) => [onTable(service, 'DescribeTimeToLive', input.TableName)],
  run: ({ tables }, input) => {
    const { timeToLive } = tables.get(input.TableName)
    return {
      TimeToLiveDescription:
        timeToLive === undefined
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive },
    }
  },
})
