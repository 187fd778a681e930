import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../../../shared/failure.ts'
import type { Database } from '../database.ts'
import { ItemStore } from '../items/store.ts'
import { DynamodbError } from '../protocol/error.ts'
import type { Attributes } from '../values/attribute.ts'
import { readSchema, type TableDefinition, tableDefinition } from './definition.ts'
import { expiredSpan, expiryOf } from './expiry.ts'
import type { Table } from './table.ts'

/** All tables of the account, held in memory as they are in the database. */
export class Tables {
  readonly #database: Database
  readonly #arnPrefix: string
  readonly #tables = new Map<string, Table>()

  /** @param arnPrefix `arn:aws:dynamodb:<region>:<account>:table/` */
  constructor(database: Database, arnPrefix: string) {
    this.#database = database
    this.#arnPrefix = arnPrefix
    for (const row of database.iterate('SELECT id, definition, created, ttl FROM tables')) {
      const definition = tableDefinition.parse(JSON.parse(String(row.definition)))
      const ttl = row.ttl === null ? undefined : String(row.ttl)
      this.#remember(Number(row.id), definition, new Date(Number(row.created)), ttl)
    }
  }

  arnOf(name: string): string {
    return this.#arnPrefix + name
  }

  find(name: string): Table | undefined {
    return this.#tables.get(name)
  }

  /** @throws ResourceNotFoundException */
  get(name: string): Table {
    const table = this.#tables.get(name)
    if (!table)
      throw new DynamodbError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
    return table
  }

  names(): string[] {
    return [...this.#tables.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  /** @throws ValidationException, ResourceInUseException */
  create(definition: TableDefinition, now: Date): Table {
    const { indexes } = readSchema(definition)
    const { TableName: name } = definition
    if (this.#tables.has(name)) throw new DynamodbError('ResourceInUseException', `Table already exists: ${name}`)
    const id = this.#database.transaction(() => {
      const row = this.#database.get(
        'INSERT INTO tables (name, definition, created) VALUES (?, ?, ?) RETURNING id',
        name,
        JSON.stringify(definition),
        now.getTime(),
      )
      ItemStore.create(this.#database, Number(row?.id), indexes.length)
      return Number(row?.id)
    })
    return this.#remember(id, definition, now, undefined)
  }

  /** Creates the table unless one of the same keys and indexes is there. @throws Failure if another is */
  ensure(definition: TableDefinition, now: Date): Table {
    const existing = this.find(definition.TableName)
    if (!existing) return this.create(definition, now)
    if (isDeepStrictEqual(existing.schema, readSchema(definition))) {
      this.#database.run('UPDATE tables SET definition = ? WHERE id = ?', JSON.stringify(definition), existing.id)
      return this.#remember(existing.id, definition, existing.created, existing.timeToLive)
    }
    throw new Failure('dynamodb-table', `The table ${definition.TableName} cannot be changed`, {
      why: 'it is stored with other keys or indexes than are asked for now, and this server does not convert tables',
      fix: 'Restore the definition, or delete the state directory to begin anew.',
    })
  }

  remove(table: Table): void {
    this.#database.transaction(() => {
      table.items.drop()
      this.#database.run('DELETE FROM tables WHERE id = ?', table.id)
    })
    this.#tables.delete(table.schema.name)
  }

  setTimeToLive(table: Table, attribute: string | undefined): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE tables SET ttl = ? WHERE id = ?', attribute ?? null, table.id)
      table.items.resetExpiry(json =>
        attribute === undefined ? null : (expiryOf(JSON.parse(json) as Attributes, attribute) ?? null),
      )
    })
    table.timeToLive = attribute
  }

  /** Deletes expired items, at most `limit` of each table. @returns whether there may be more */
  sweep(now: Date, limit: number): boolean {
    const { from, to } = expiredSpan(now)
    let more = false
    for (const table of this.#tables.values()) {
      if (table.timeToLive === undefined) continue
      const removed = this.#database.transaction(() => table.items.removeExpired(from, to, limit))
      more ||= removed === limit
    }
    return more
  }

  sizeOf(table: Table): { items: number; bytes: number } {
    const row = this.#database.get('SELECT items, bytes FROM tables WHERE id = ?', table.id)
    return { items: Number(row?.items), bytes: Number(row?.bytes) }
  }

  #remember(id: number, definition: TableDefinition, created: Date, timeToLive: string | undefined): Table {
    const schema = readSchema(definition)
    const items = new ItemStore(this.#database, id, schema.indexes.length)
    const table = { id, definition, schema, arn: this.arnOf(schema.name), created, items, timeToLive }
    this.#tables.set(schema.name, table)
    return table
  }
}
