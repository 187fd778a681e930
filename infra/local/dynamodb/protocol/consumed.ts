import type { Units } from '../items/capacity.ts'

export type CapacityMode = 'INDEXES' | 'TOTAL' | 'NONE'

/** ConsumedCapacity of one table as the request wants it; transactions also say whether they read or wrote. */
export function consumed(
  mode: CapacityMode,
  tableName: string,
  units: Units,
  transaction?: 'read' | 'write',
): object | undefined {
  if (mode === 'NONE') return undefined
  const total = Object.values(units.indexes).reduce((sum, count) => sum + count, units.table)
  const member = transaction === 'read' ? 'ReadCapacityUnits' : 'WriteCapacityUnits'
  const capacity = (count: number) => ({ CapacityUnits: count, ...(transaction && { [member]: count }) })
  if (mode === 'TOTAL') return { TableName: tableName, ...capacity(total) }
  const indexes = Object.entries(units.indexes).map(([name, count]) => [name, capacity(count)] as const)
  return {
    TableName: tableName,
    ...capacity(total),
    Table: capacity(units.table),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: Object.fromEntries(indexes) }),
  }
}
