import type { Connection } from 'mysql2/promise'
import type { Release } from '../../support/database.ts'
import { makeLarge } from './nasty/large.ts'
import { makeMariadb, makeMariadbAccounts } from './nasty/mariadb.ts'
import { makeMysql, makeMysqlAccounts } from './nasty/mysql.ts'
import { makeNames } from './nasty/names.ts'
import { isMysql, nastyOn } from './nasty/nasty.ts'
import { makePrograms } from './nasty/programs.ts'
import { makeTables } from './nasty/tables.ts'
import { makeTypes } from './nasty/types.ts'

/** A server full of what dump programs get wrong: all that this release has. */
export async function makeNasty(connection: Connection, release: Release): Promise<void> {
  const nasty = nastyOn(connection, release)
  await nasty.all(
    "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'",
    ...(isMysql(nasty) ? ['SET SESSION cte_max_recursion_depth = 1000000'] : []),
    'CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
    'USE shop',
  )
  await makeTypes(nasty)
  await makeTables(nasty)
  await makePrograms(nasty)
  await (isMysql(nasty) ? makeMysql(nasty) : makeMariadb(nasty))
  await makeNames(nasty)
  await nasty.all('CREATE DATABASE nothing_in_it CHARACTER SET utf16')
  await (isMysql(nasty) ? makeMysqlAccounts(nasty) : makeMariadbAccounts(nasty))
  await makeLarge(nasty)
}
