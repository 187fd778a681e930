import { expect, test } from 'vitest'
import type { Flavour } from '../../../uploader/engines/mysql/inventory.ts'
import { statusStatement } from '../../../uploader/engines/mysql/log/state.ts'
import { replicaStatement } from '../../../uploader/engines/mysql/moment/replication.ts'
import { missingRights } from '../../../uploader/engines/mysql/rights.ts'

/** Releases that no test runs: what each is asked is what its documentation says that it knows. */
test.each<[Flavour, number, string, string]>([
  ['mysql', 50_744, 'SHOW MASTER STATUS', 'SHOW SLAVE STATUS'],
  ['mysql', 80_021, 'SHOW MASTER STATUS', 'SHOW SLAVE STATUS'],
  ['mysql', 80_022, 'SHOW MASTER STATUS', 'SHOW REPLICA STATUS'],
  ['mysql', 80_100, 'SHOW MASTER STATUS', 'SHOW REPLICA STATUS'],
  ['mysql', 80_200, 'SHOW BINARY LOG STATUS', 'SHOW REPLICA STATUS'],
  ['mysql', 80_403, 'SHOW BINARY LOG STATUS', 'SHOW REPLICA STATUS'],
  ['mariadb', 100_244, 'SHOW MASTER STATUS', 'SHOW ALL SLAVES STATUS'],
  ['mariadb', 100_500, 'SHOW MASTER STATUS', 'SHOW ALL SLAVES STATUS'],
  ['mariadb', 100_501, 'SHOW MASTER STATUS', 'SHOW ALL REPLICAS STATUS'],
  ['mariadb', 120_001, 'SHOW MASTER STATUS', 'SHOW ALL REPLICAS STATUS'],
])('%s of release %i is asked %s and %s', (flavour, release, log, replica) => {
  expect(statusStatement(flavour, release)).toBe(log)
  expect(replicaStatement({ flavour, release })).toBe(replica)
})

const always = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT', 'RELOAD', 'LOCK TABLES', 'PROCESS']
const logs = ['REPLICATION CLIENT', 'REPLICATION SLAVE']

test.each<[Flavour, number, string[]]>([
  ['mysql', 50_744, [...always, ...logs]],
  ['mysql', 80_019, [...always, 'BACKUP_ADMIN', 'REPLICATION CLIENT', 'XA_RECOVER_ADMIN', 'REPLICATION SLAVE']],
  [
    'mysql',
    80_403,
    [...always, 'BACKUP_ADMIN', 'SHOW_ROUTINE', 'REPLICATION CLIENT', 'XA_RECOVER_ADMIN', 'REPLICATION SLAVE'],
  ],
  ['mariadb', 100_501, [...always, ...logs]],
  ['mariadb', 100_502, [...always, 'BINLOG MONITOR', 'REPLICATION SLAVE']],
])('%s of release %i is only asked for rights that it has', (flavour, release, rights) => {
  const account = { user: 'backup', host: '%' }
  const missing = missingRights({ flavour, release, logBase: 'binlog', rights: [], account }, 'logical')
  expect(missing.map(({ name }) => name).sort()).toEqual([...rights].sort())
})
