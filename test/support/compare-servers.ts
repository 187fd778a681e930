import { createHash, type Hash } from 'node:crypto'
import type { Connection as CallbackConnection } from 'mysql2'
import type { Connection, RowDataPacket } from 'mysql2/promise'

/**
 * Everything a MySQL or MariaDB server holds, by what it is (`rows shop.orders`, `trigger shop.audit`, `grants app@%`), each as the
 * server's own SHOW CREATE, or for rows as `<count> <hash over the raw bytes of the rows in key order>`.
 * Two servers are equal if their descriptions are.
 */
export type ServerDescription = Map<string, string>

type Values = Record<string, Buffer | null>

const system = ['information_schema', 'performance_schema', 'sys', 'mysql']
const ofTheServer = ['mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys']
const name = (text: string) => `\`${text.replaceAll('`', '``')}\``
const text = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const inDatabase = (database: string, object: string) => `${name(database)}.${name(object)}`

export async function describeServer(connection: Connection): Promise<ServerDescription> {
  const description: ServerDescription = new Map()
  await connection.query(
    "SET SESSION sql_mode = '', time_zone = '+00:00', character_set_results = NULL, net_write_timeout = 86400",
  )
  try {
    for (const row of await query(connection, 'SHOW DATABASES')) {
      const database = first(row)
      if (!system.includes(database)) await describeDatabase(connection, database, description)
    }
    await describeAccounts(connection, description)
  } finally {
    await connection.query("SET SESSION character_set_results = 'utf8mb4'")
  }
  return description
}

/** What the second server has otherwise than the first; empty if they are equal. */
export async function compareServers(
  ...servers: [{ connect(): Promise<Connection> }, { connect(): Promise<Connection> }]
): Promise<string[]> {
  const [expected, found] = await Promise.all(
    servers.map(async server => {
      const connection = await server.connect()
      try {
        return await describeServer(connection)
      } finally {
        await connection.end()
      }
    }),
  )
  return differences(expected!, found!)
}

/** What differs, one line each; empty if the two are equal. */
export function differences(expected: ServerDescription, found: ServerDescription): string[] {
  const lines: string[] = []
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const a = expected.get(key)
    const b = found.get(key)
    if (a === b) continue
    lines.push(
      a === undefined ? `${key}: only in the second` : b === undefined ? `${key}: missing` : `${key}:\n  ${a}\n  ${b}`,
    )
  }
  return lines
}

/** Rows of all tables together, and the number of things compared, for a summary. */
export function countsOf(description: ServerDescription): { tables: number; rows: number; objects: number } {
  const counts = [...description]
    .filter(([key]) => key.startsWith('rows '))
    .map(([, value]) => Number(value.split(' ')[0]))
  return { tables: counts.length, rows: counts.reduce((a, b) => a + b, 0), objects: description.size }
}

async function describeDatabase(connection: Connection, database: string, description: ServerDescription) {
  const show = async (key: string, statement: string) => {
    // A view may be one that the server itself cannot show: then that is what it holds.
    const shown = await query(connection, statement).then(([row]) => all(row!), String)
    description.set(key, shown)
  }
  const list = async (table: string, schema: string, column: string) => {
    const rows = await query(
      connection,
      `SELECT * FROM information_schema.${table} WHERE ${schema} = ${text(database)}`,
    )
    return rows.filter(row => String(row[schema]) === database).map(row => ({ row, object: String(row[column]) }))
  }
  await show(`database ${database}`, `SHOW CREATE DATABASE ${name(database)}`)
  for (const { row, object } of await list('TABLES', 'TABLE_SCHEMA', 'TABLE_NAME')) {
    const qualified = inDatabase(database, object)
    switch (String(row.TABLE_TYPE)) {
      case 'VIEW':
        await show(`view ${database}.${object}`, `SHOW CREATE VIEW ${qualified}`)
        break
      case 'SEQUENCE':
        await show(`sequence ${database}.${object}`, `SHOW CREATE SEQUENCE ${qualified}`)
        await show(`sequence state ${database}.${object}`, `SELECT * FROM ${qualified}`)
        break
      default:
        await show(`table ${database}.${object}`, `SHOW CREATE TABLE ${qualified}`)
        description.set(`rows ${database}.${object}`, await hashRows(connection, database, object))
    }
  }
  for (const { row, object } of await list('TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME')) {
    await show(`trigger ${database}.${object}`, `SHOW CREATE TRIGGER ${inDatabase(database, object)}`)
    description.set(`trigger order ${database}.${object}`, String(row.ACTION_ORDER))
  }
  for (const { row, object } of await list('ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_NAME')) {
    const type = String(row.ROUTINE_TYPE)
    await show(`${type.toLowerCase()} ${database}.${object}`, `SHOW CREATE ${type} ${inDatabase(database, object)}`)
  }
  for (const { object } of await list('EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME'))
    await show(`event ${database}.${object}`, `SHOW CREATE EVENT ${inDatabase(database, object)}`)
}

async function describeAccounts(connection: Connection, description: ServerDescription) {
  for (const row of await query(connection, 'SELECT * FROM mysql.user')) {
    const user = String(row.User)
    if (ofTheServer.includes(user)) continue
    const isRole = String(row.is_role) === 'Y'
    const account = isRole ? name(user) : `${name(user)}@${name(String(row.Host))}`
    const grants = await query(connection, `SHOW GRANTS FOR ${user === 'PUBLIC' ? user : account}`)
    description.set(`grants ${account}`, [...new Set(grants.map(first).map(withSortedColumns))].sort().join('\n'))
    if (isRole) continue
    const created = await query(connection, `SHOW CREATE USER ${account}`)
    description.set(`account ${account}`, created.map(first).join('\n'))
  }
}

/**
 * The order of the columns in a grant means nothing. (Nor does a line that comes twice: a new MariaDB server has PROXY rights on the user ''@'',
 * shows them as ''@'%', and so has both once what it shows was granted.)
 */
function withSortedColumns(grant: string): string {
  return grant.replace(/\(([^()]+)\)/g, (_, columns: string) => `(${columns.split(', ').sort().join(', ')})`)
}

/** Tables without a key have no order: the hash is then over the sorted hashes of their rows. */
async function hashRows(connection: Connection, database: string, table: string): Promise<string> {
  const where = `TABLE_SCHEMA = ${text(database)} AND TABLE_NAME = ${text(table)}`
  const exactly = (rows: Values[]) =>
    rows.filter(row => String(row.TABLE_SCHEMA) === database && String(row.TABLE_NAME) === table)
  const columns = exactly(
    await query(connection, `SELECT * FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`),
  )
  const key = exactly(
    await query(
      connection,
      `SELECT * FROM information_schema.STATISTICS WHERE ${where} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
    ),
  ).map(row => name(String(row.COLUMN_NAME)))
  // A FLOAT's text is rounded; as a DOUBLE it is exact.
  const list = columns.map(row =>
    String(row.DATA_TYPE) === 'float' ? `${name(String(row.COLUMN_NAME))} * 1e0` : name(String(row.COLUMN_NAME)),
  )
  const order = key.length > 0 ? ` ORDER BY ${key.join(', ')}` : ''
  const whole = createHash('sha256')
  const hashes: string[] = []
  let rows = 0
  const stream = (connection as unknown as { connection: CallbackConnection }).connection
    .query({
      sql: `SELECT ${list.join(', ')} FROM ${inDatabase(database, table)}${order}`,
      rowsAsArray: true,
      typeCast: false,
    })
    .stream({ highWaterMark: 500 })
  for await (const row of stream as AsyncIterable<(Buffer | null)[]>) {
    rows++
    if (key.length > 0) addRow(whole, row)
    else {
      const hash = createHash('sha256')
      addRow(hash, row)
      hashes.push(hash.digest('hex'))
    }
  }
  for (const hash of hashes.sort()) whole.update(hash)
  return `${rows} ${whole.digest('hex')}`
}

function addRow(hash: Hash, row: (Buffer | null)[]): void {
  for (const value of row) {
    hash.update(value === null ? '-;' : `${value.length};`)
    if (value !== null) hash.update(value)
  }
}

async function query(connection: Connection, sql: string): Promise<Values[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, typeCast: false })
  return rows as unknown as Values[]
}

function first(row: Values): string {
  return Object.values(row)[0]?.toString() ?? ''
}

/** Every column, but for when a trigger was created. */
function all(row: Values): string {
  return Object.entries(row)
    .filter(([column]) => column !== 'Created')
    .map(([column, value]) => `${column}=${value?.toString('latin1') ?? 'NULL'}`)
    .join('|')
}
