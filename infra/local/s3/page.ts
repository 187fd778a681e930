import { S3Error } from './error.ts'

/** What one page of a list shows: rows, and common prefixes where a delimiter folds keys. */
export interface Page<Row> {
  rows: Row[]
  prefixes: string[]
  truncated: boolean
  /** The last thing shown: its key, or the common prefix. */
  last: { key: string; row?: Row } | undefined
}

/**
 * Takes one page from rows in the order of their keys.
 * @param seen what the page before ended with: a common prefix is not shown twice
 */
export function takePage<Row extends { key: string }>(
  rows: Iterable<Row>,
  { prefix, delimiter, max, seen }: { prefix: string; delimiter: string; max: number; seen: string },
): Page<Row> {
  const page: Page<Row> = { rows: [], prefixes: [], truncated: false, last: undefined }
  let folded = delimiter !== '' && seen.endsWith(delimiter) ? seen : undefined
  for (const row of rows) {
    if (!row.key.startsWith(prefix)) break
    if (folded !== undefined && row.key.startsWith(folded)) continue
    if (page.rows.length + page.prefixes.length >= max) {
      page.truncated = max > 0
      break
    }
    const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length)
    if (cut < 0) {
      page.rows.push(row)
      page.last = { key: row.key, row }
    } else {
      folded = row.key.slice(0, cut + delimiter.length)
      page.prefixes.push(folded)
      page.last = { key: folded }
    }
  }
  return page
}

/** A page's size as the query gives it, 1,000 at most. @throws S3Error `InvalidArgument` */
export function pageSize(value: string | undefined): number {
  if (value === undefined) return 1000
  if (!/^\d{1,9}$/.test(value)) throw new S3Error('InvalidArgument', 'The size of a page must be a whole number.')
  return Math.min(Number(value), 1000)
}

/** How keys are written into a list: as they are, or encoded (`encoding-type=url`). @throws S3Error `InvalidArgument` */
export function keyWriter(encoding: string | undefined): (key: string) => string {
  if (encoding === undefined) return key => key
  if (encoding !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
  return key => encodeURIComponent(key).replaceAll('%2F', '/')
}
