export interface KeyAttribute {
  name: string
  type: 'S' | 'N' | 'B'
}

export interface KeySchema {
  partition: KeyAttribute
  sort?: KeyAttribute
}

export interface Index {
  name: string
  schema: KeySchema
  projection: { type: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; attributes: string[] }
  /** Where its columns and its SQLite index lie: `i<position>_pk`. */
  position: number
}

export interface TableSchema {
  name: string
  key: KeySchema
  indexes: Index[]
}

export function namesOf(schema: KeySchema): string[] {
  return schema.sort ? [schema.partition.name, schema.sort.name] : [schema.partition.name]
}

/** What an index that does not hold everything holds. */
export function projectedNames(table: TableSchema, index: Index): Set<string> {
  return new Set([...namesOf(table.key), ...namesOf(index.schema), ...index.projection.attributes])
}
