import { invalid } from '../protocol/error.ts'
import type { Key } from '../tables/key.ts'
import type { Table } from '../tables/table.ts'

/** @throws ValidationException with `message` when two of the keys are one */
export function assertDistinct(keys: { table: Table; key: Key }[], message: string): void {
  const texts = keys.map(
    ({ table, key }) =>
      `${table.id}/${Buffer.from(key.partition).toString('hex')}/${Buffer.from(key.sort).toString('hex')}`,
  )
  if (new Set(texts).size < texts.length) throw invalid(message)
}
