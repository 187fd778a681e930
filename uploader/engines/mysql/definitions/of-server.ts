import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import { quoteName, quoteText } from '../sql/quote.ts'
import { Script } from '../sql/script.ts'
import { whenDenied } from '../wire/server-error.ts'
import { text, textOrNull } from './text.ts'

/** `server/objects.sql`: what belongs to no database and is no account; undefined where there is none. A target may refuse some of it (a library that it lacks). */
export async function ofServerScript(server: Server, inventory: Inventory): Promise<Buffer | undefined> {
  const statements = [
    ...(await tablespaces(server, inventory)),
    ...(await loadableFunctions(server)),
    ...(await otherServers(server)),
  ]
  if (statements.length === 0) return undefined
  const script = new Script('tablespaces, loadable functions and definitions of other servers')
  for (const statement of statements) script.add(statement)
  return script.bytes()
}

/** General tablespaces of MySQL. From 8.0.14 on the server names the file itself. */
async function tablespaces(server: Server, { flavour, release }: Inventory): Promise<string[]> {
  if (flavour !== 'mysql' || release < 80_014) return []
  // An account without PROCESS sees none.
  const rows =
    (await server
      .query(`SELECT TABLESPACE_NAME FROM information_schema.FILES WHERE FILE_TYPE = 'TABLESPACE' ORDER BY 1`)
      .catch(whenDenied)) ?? []
  // Those of one table or of the server itself have a slash in their name, or a reserved one.
  return rows
    .map(row => text(row, 'TABLESPACE_NAME'))
    .filter(name => !name.includes('/') && !/^(innodb_|mysql$)/.test(name))
    .map(name => `CREATE TABLESPACE ${quoteName(name)}`)
}

/** What `mysql.func` means by its numbers. */
const returns: Record<string, string> = { 0: 'STRING', 1: 'REAL', 2: 'INTEGER', 4: 'DECIMAL' }

async function loadableFunctions(server: Server): Promise<string[]> {
  const rows = await server.query('SELECT name, ret, dl, type FROM mysql.func ORDER BY name')
  return rows.map(row => {
    const aggregate = text(row, 'type') === 'aggregate' ? 'AGGREGATE ' : ''
    return `CREATE ${aggregate}FUNCTION ${quoteName(text(row, 'name'))} RETURNS ${returns[text(row, 'ret')]} SONAME ${quoteText(text(row, 'dl'))}`
  })
}

const options = [
  ['HOST', 'Host'],
  ['DATABASE', 'Db'],
  ['USER', 'Username'],
  ['PASSWORD', 'Password'],
  ['SOCKET', 'Socket'],
  ['OWNER', 'Owner'],
] as const

async function otherServers(server: Server): Promise<string[]> {
  const rows = await server.query('SELECT * FROM mysql.servers ORDER BY Server_name')
  return rows.map(row => {
    const port = textOrNull(row, 'Port') ?? '0'
    const given = [
      ...options
        .filter(([, column]) => textOrNull(row, column))
        .map(([option, column]) => `${option} ${quoteText(text(row, column))}`),
      ...(port === '0' ? [] : [`PORT ${port}`]),
      ...ownOptions(textOrNull(row, 'Options')),
    ]
    return `CREATE SERVER ${quoteName(text(row, 'Server_name'))} FOREIGN DATA WRAPPER ${quoteName(text(row, 'Wrapper'))} OPTIONS (${given.join(', ')})`
  })
}

/** What a wrapper of MariaDB 11.7 has beside the usual ones, as JSON. */
function ownOptions(json: string | null): string[] {
  const known: readonly string[] = [...options.map(([option]) => option), 'PORT']
  return Object.entries(JSON.parse(json || '{}') as Record<string, string>)
    .filter(([name]) => !known.includes(name.toUpperCase()))
    .map(([name, value]) => `${quoteName(name)} ${quoteText(String(value))}`)
}
