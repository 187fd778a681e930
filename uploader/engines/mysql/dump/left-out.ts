import type { BackupContext } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import { inComment } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'

/** What MySQL can hold beside its databases and accounts that this backup does not take: it is named, so that nobody misses it later. */
const kinds = [
  {
    words: 'second passwords of accounts (RETAIN CURRENT PASSWORD)',
    names:
      "SELECT CONCAT(User, '@', Host) AS name FROM mysql.user WHERE User_attributes->>'$.additional_password' <> ''",
  },
  {
    words: 'resource groups',
    names: `SELECT RESOURCE_GROUP_NAME AS name FROM information_schema.RESOURCE_GROUPS
      WHERE RESOURCE_GROUP_NAME NOT IN ('USR_default', 'SYS_default', 'SYS_internal')`,
  },
] as const

/** No such table or column: the server is too old to have any. */
const unknown = [1054, 1109, 1146]

export async function warnOfLeftOut(server: Server, inventory: Inventory, warn: BackupContext['warn']): Promise<void> {
  if (inventory.flavour !== 'mysql') return
  for (const { words, names } of kinds) {
    const rows = await server.query(`${names} ORDER BY 1`).catch(error => {
      if (!(error instanceof ServerError && unknown.includes(error.errno))) throw error
      return []
    })
    if (rows.length === 0) continue
    const list = rows.map(row => inComment(row.name?.toString() ?? '')).join(', ')
    warn('not-backed-up', `${words} are not in the backup; make them again by hand after a restore: ${list}`)
  }
}
