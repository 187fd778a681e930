/**
 * How a column's value becomes a literal.
 * - `digits`: as it is, it needs no quotes
 * - `quoted`: between quotes and escaped, after an introducer where the bytes are of another character set than the session's
 * - `hex`: 0x…, for BIT, whose bytes must not be read as digits
 * - `nothing`: read for its existence only (a table whose columns are all generated)
 */
export type LiteralForm = 'digits' | 'quoted' | 'hex' | 'nothing'

export interface ColumnFormat {
  form: LiteralForm
  /** e.g. `_binary` or `_latin1`; empty for utf8mb4, its subsets and everything that is ASCII, long texts aside. */
  introducer: string
}
