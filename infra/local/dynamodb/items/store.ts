import type { SQLInputValue } from 'node:sqlite'
import type { Database } from '../database.ts'
import type { Key } from '../tables/key.ts'
import type { Attributes } from '../values/attribute.ts'
import { type Range, selectRange } from './range.ts'

export interface Stored {
  item: Attributes
  /** Bytes as DynamoDB counts them. */
  size: number
}

/** What an item brings along to be stored. */
export interface Placement {
  /** One per index in the order of their positions; undefined where the item is not in the index. */
  inIndexes: (Key | undefined)[]
  /** Epoch seconds. */
  expires: number | undefined
}

/**
 * The items of one table in one SQLite table. Keys are order-preserving bytes; each index is a partial SQLite index over two
 * columns of its own, so SQLite itself keeps it in step and leaves out items that are not in it.
 */
export class ItemStore {
  readonly #database: Database
  readonly #source: string
  readonly #tableId: number
  readonly #upsert: string

  constructor(database: Database, tableId: number, indexCount: number) {
    this.#database = database
    this.#tableId = tableId
    this.#source = `items_${tableId}`
    const columns = ['pk', 'sk', 'item', 'size', 'expires', ...indexColumns(indexCount)]
    const changes = columns.slice(2).map(column => `${column} = excluded.${column}`)
    this.#upsert =
      `INSERT INTO ${this.#source} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ` +
      `ON CONFLICT (pk, sk) DO UPDATE SET ${changes.join(', ')}`
  }

  static create(database: Database, tableId: number, indexCount: number): void {
    const source = `items_${tableId}`
    const columns = indexColumns(indexCount).map(column => `${column} BLOB`)
    database.exec(`
      CREATE TABLE ${source} (
        ${['pk BLOB NOT NULL', 'sk BLOB NOT NULL', 'item TEXT NOT NULL', 'size INTEGER NOT NULL', 'expires INTEGER', ...columns].join(', ')}
      ) STRICT;
      CREATE UNIQUE INDEX ${source}_key ON ${source} (pk, sk);
      CREATE INDEX ${source}_expires ON ${source} (expires) WHERE expires IS NOT NULL;
    `)
    for (let i = 0; i < indexCount; i++)
      database.exec(`CREATE INDEX ${source}_i${i} ON ${source} (i${i}_pk, i${i}_sk, pk, sk) WHERE i${i}_pk IS NOT NULL`)
  }

  drop(): void {
    this.#database.exec(`DROP TABLE ${this.#source}`)
  }

  get({ partition, sort }: Key): Stored | undefined {
    const row = this.#database.get(`SELECT item, size FROM ${this.#source} WHERE pk = ? AND sk = ?`, partition, sort)
    return row && readRow(row)
  }

  put(key: Key, { item, size }: Stored, { inIndexes, expires }: Placement, before: Stored | undefined): void {
    const places = inIndexes.flatMap(place => [place?.partition ?? null, place?.sort ?? null])
    const values: SQLInputValue[] = [key.partition, key.sort, JSON.stringify(item), size, expires ?? null, ...places]
    this.#database.run(this.#upsert, ...values)
    this.#count(before ? 0 : 1, size - (before?.size ?? 0))
  }

  remove({ partition, sort }: Key, before: Stored): void {
    this.#database.run(`DELETE FROM ${this.#source} WHERE pk = ? AND sk = ?`, partition, sort)
    this.#count(-1, -before.size)
  }

  *read(range: Range): Generator<Stored> {
    const { sql, values } = selectRange(this.#source, range)
    for (const row of this.#database.iterate(sql, ...values)) yield readRow(row)
  }

  /** Recomputes when every item expires. @param expiresOf from the item's JSON to epoch seconds or null */
  resetExpiry(expiresOf: (json: string) => number | null): void {
    this.#database.function('expires_of', json => expiresOf(String(json)))
    this.#database.exec(`UPDATE ${this.#source} SET expires = expires_of(item)`)
  }

  /**
   * Deletes up to `limit` items whose time lies in the given span of epoch seconds.
   * @returns how many went
   */
  removeExpired(from: number, to: number, limit: number): number {
    const expired = `SELECT rowid FROM ${this.#source} WHERE expires IS NOT NULL AND expires BETWEEN ? AND ? LIMIT ?`
    const rows = this.#database.iterate(
      `DELETE FROM ${this.#source} WHERE rowid IN (${expired}) RETURNING size`,
      from,
      to,
      limit,
    )
    const sizes = Array.from(rows, row => Number(row.size))
    if (sizes.length > 0)
      this.#count(
        -sizes.length,
        sizes.reduce((sum, size) => sum - size, 0),
      )
    return sizes.length
  }

  #count(items: number, bytes: number): void {
    this.#database.run(
      'UPDATE tables SET items = items + ?, bytes = bytes + ? WHERE id = ?',
      items,
      bytes,
      this.#tableId,
    )
  }
}

function indexColumns(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`i${i}_pk`, `i${i}_sk`]).flat()
}

function readRow(row: Record<string, unknown>): Stored {
  return { item: JSON.parse(String(row.item)) as Attributes, size: Number(row.size) }
}
