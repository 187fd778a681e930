import { z } from 'zod'
import { readPage } from '../items/page.ts'
import type { Range } from '../items/range.ts'
import { answerPage, prepareReading, readParameters } from '../items/read-request.ts'
import { readStartKey } from '../items/start-key.ts'
import { invalid } from '../protocol/error.ts'
import { onTable, operation } from '../protocol/operation.ts'

const request = z.strictObject({
  ...readParameters,
  Segment: z.int().min(0).max(999_999).optional(),
  TotalSegments: z.int().min(1).max(1_000_000).optional(),
})

export const scan = operation({
  request,
  needs: (service, { TableName, IndexName }) => {
    const need = onTable(service, 'Scan', TableName)
    return [IndexName === undefined ? need : { ...need, resource: `${need.resource}/index/${IndexName}` }]
  },
  run: (service, input) => {
    const table = service.tables.get(input.TableName)
    const { index, filter, projection, countOnly } = prepareReading(table, input, () => undefined)
    const after = readStartKey(table, index, input.ExclusiveStartKey)
    const segment = segmentOf(input)
    const range = { forward: true, ...(index && { index }), ...(after && { after }), ...(segment && { segment }) }
    const page = readPage({ table, range, limit: input.Limit, filter, projection, countOnly })
    return answerPage(table, index, input, page)
  },
})

/** A segment is an equal share of the hashes that partition keys begin with. */
function segmentOf({ Segment: segment, TotalSegments: total }: z.infer<typeof request>): Range['segment'] {
  if (segment === undefined && total === undefined) return undefined
  if (segment === undefined || total === undefined)
    throw invalid('The Segment and TotalSegments parameters must be given together')
  if (segment >= total)
    throw invalid(
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
        `Segment: ${segment} is not less than TotalSegments: ${total}`,
    )
  const edge = (share: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(Math.floor((share * 2 ** 32) / total))
    return bytes
  }
  return { from: edge(segment), before: segment + 1 < total ? edge(segment + 1) : undefined }
}
