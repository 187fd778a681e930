import type { Server } from '../connection/server.ts'

/** Not the customer's data but the server's own, which server/accounts.sql and server/grants.sql stand for. */
export const systemDatabases: readonly string[] = [
  'information_schema',
  'performance_schema',
  'sys',
  'mysql',
  'ndbinfo',
  'mysql_innodb_cluster_metadata',
]

/** For `… NOT IN (…)`. */
export const systemDatabaseList = systemDatabases.map(name => `'${name}'`).join(', ')

export async function listDatabases(server: Server): Promise<string[]> {
  const rows = await server.query('SHOW DATABASES')
  return rows
    .map(row => Object.values(row)[0]!.toString())
    .filter(name => !systemDatabases.includes(name) && !name.startsWith('#mysql50#') && name !== 'lost+found')
}
