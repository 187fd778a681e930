import type { Flavour } from '../inventory.ts'
import type { Server } from './server.ts'

/** The account's rights on everything, those of its active roles too. */
export async function grantedEverywhere(server: Server, flavour: Flavour): Promise<string[]> {
  const rows = await server.query(await showGrants(server, flavour))
  const rights = new Set<string>()
  for (const row of rows) {
    const granted = /^GRANT (.+?) ON \*\.\* TO /.exec(Object.values(row)[0]!.toString())?.[1]
    for (const right of granted?.split(', ') ?? []) rights.add(right.toUpperCase())
  }
  return [...rights].sort()
}

/** MySQL lists what comes from roles only when they are named; MariaDB lists what the active role gives. */
async function showGrants(server: Server, flavour: Flavour): Promise<string> {
  if (flavour === 'mariadb') return 'SHOW GRANTS'
  const roles = await server.one('SELECT CURRENT_ROLE() roles').catch(() => undefined) // 5.7 has no roles
  return roles?.roles && roles.roles !== 'NONE'
    ? `SHOW GRANTS FOR CURRENT_USER() USING ${roles.roles}`
    : 'SHOW GRANTS FOR CURRENT_USER()'
}
