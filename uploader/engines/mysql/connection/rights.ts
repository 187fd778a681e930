import type { Flavour } from '../inventory.ts'
import type { Server } from './server.ts'

/** The account's rights on everything, those of its active roles too. What was taken away again for one database (MySQL's partial revokes) does not count. */
export async function grantedEverywhere(server: Server, flavour: Flavour): Promise<string[]> {
  const rows = await server.query(await showGrants(server, flavour))
  const lines = rows.map(row => Object.values(row)[0]!.toString())
  const rights = new Set(lines.flatMap(line => rightsIn(/^GRANT (.+?) ON \*\.\* TO /.exec(line)?.[1])))
  for (const line of lines)
    for (const right of rightsIn(/^REVOKE (.+?) ON .* FROM /.exec(line)?.[1])) rights.delete(right)
  return [...rights].sort()
}

/** MySQL puts a comma alone between its dynamic rights. */
function rightsIn(list: string | undefined): string[] {
  return list?.split(/, ?/).map(right => right.toUpperCase()) ?? []
}

/** MySQL lists what comes from roles only when they are named; MariaDB lists what the active role gives. */
async function showGrants(server: Server, flavour: Flavour): Promise<string> {
  if (flavour === 'mariadb') return 'SHOW GRANTS'
  const roles = await server.one('SELECT CURRENT_ROLE() roles').catch(() => undefined) // 5.7 has no roles
  return roles?.roles && roles.roles !== 'NONE'
    ? `SHOW GRANTS FOR CURRENT_USER() USING ${roles.roles}`
    : 'SHOW GRANTS FOR CURRENT_USER()'
}
