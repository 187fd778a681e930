import type { Condition } from '../expressions/condition.ts'
import { holds } from '../expressions/evaluate.ts'
import type { Path } from '../expressions/path.ts'
import { namesOf } from '../tables/schema.ts'
import type { Table } from '../tables/table.ts'
import { type Attributes, attributeOf } from '../values/attribute.ts'
import { sizeOfItem } from '../values/size.ts'
import { projectToIndex } from './capacity.ts'
import type { Range } from './range.ts'
import { shown } from './read-projection.ts'

const maxPageBytes = 1024 * 1024

export interface PageRequest {
  table: Table
  range: Range
  limit: number | undefined
  filter: Condition | undefined
  projection: Path[] | undefined
  countOnly: boolean
}

export interface Page {
  items: Attributes[]
  count: number
  scanned: number
  /** Bytes looked at, which is what is paid for; before the filter and the projection expression. */
  bytes: number
  lastKey: Attributes | undefined
}

/** Reads items until the range ends, `limit` items were looked at, or a further one would make more than 1 MB. */
export function readPage({ table, range, limit, filter, projection, countOnly }: PageRequest): Page {
  const { index } = range
  const page: Page = { items: [], count: 0, scanned: 0, bytes: 0, lastKey: undefined }
  let last: Attributes | undefined
  for (const stored of table.items.read(range)) {
    const item = index ? projectToIndex(table.schema, index, stored.item) : stored.item
    const size = item === stored.item ? stored.size : sizeOfItem(item)
    if (last && page.bytes + size > maxPageBytes) return { ...page, lastKey: keyAttributes(table, range, last) }
    last = item
    page.bytes += size
    page.scanned++
    if (!filter || holds(filter, item)) {
      page.count++
      if (!countOnly) page.items.push(shown(item, projection))
    }
    // AWS does not look whether something follows the last item that it was asked for.
    if (page.scanned === limit) return { ...page, lastKey: keyAttributes(table, range, last) }
  }
  return page
}

function keyAttributes(table: Table, { index }: Range, item: Attributes): Attributes {
  const names = [...namesOf(table.schema.key), ...(index ? namesOf(index.schema) : [])]
  return Object.fromEntries(names.map(name => [name, attributeOf(item, name)!]))
}
