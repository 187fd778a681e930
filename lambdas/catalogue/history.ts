import { type SourceId, ulidOf } from '../../shared/ids.ts'
import type { Lane } from '../../shared/snapshot.ts'
import { lanePrefix } from './keys.ts'
import { type Committed, Snapshot } from './snapshots.ts'
import { query, type Table } from './table.ts'

/** Of the first page: most who ask need a few. */
const firstPage = 10

/**
 * What a lane has committed, in order of opening, lazily. `after` and `before` are ULIDs and not included.
 * The caller stops when it has enough; nothing beyond the page it is in is read.
 * @param range.pageSize how many the caller is likely to need; `largest` when it needs all
 */
export async function* committedOn(
  table: Table,
  source: SourceId,
  lane: Lane,
  range: {
    after?: string | undefined
    before?: string | undefined
    backwards?: boolean
    pageSize?: number | 'largest'
  } = {},
): AsyncGenerator<Committed> {
  const prefix = lanePrefix[lane]
  const from = range.after === undefined ? prefix : `${prefix}${range.after}`
  const to = range.before === undefined ? `${prefix}\uffff` : `${prefix}${range.before}`
  const items = query(
    table,
    Snapshot,
    {
      PK: `S#${source}`,
      from,
      to,
      ...(range.pageSize === 'largest' ? {} : { pageSize: range.pageSize ?? firstPage }),
      ...(range.backwards ? { backwards: true } : {}),
    },
    { expression: '#state = :committed', values: { ':committed': 'committed' } },
  )
  for await (const item of items) {
    const ulid = ulidOf(item.snapshot)
    if (item.state === 'committed' && ulid !== range.after && ulid !== range.before) yield item
  }
}
