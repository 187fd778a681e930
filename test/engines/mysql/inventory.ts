import type { Inventory } from '../../../uploader/engines/mysql/inventory.ts'

/** A MariaDB server with a binary log, as it is found before a run is planned. */
export const inventory: Inventory = {
  flavour: 'mariadb',
  version: '10.11.19-MariaDB-log',
  release: 101119,
  serverId: '1',
  serverUuid: null,
  hostname: 'db1',
  port: '3306',
  dataDirectory: '/var/lib/mysql/',
  lowerCaseTableNames: 0,
  logBase: 'binlog',
  log: {
    format: 'ROW',
    rowImage: 'FULL',
    encrypted: false,
    filters: [],
    files: [
      { name: 'binlog.000006', size: 500 },
      { name: 'binlog.000007', size: 4000 },
      { name: 'binlog.000008', size: 339 },
    ],
  },
  databases: ['shop'],
  dataBytes: 1000,
  rights: ['ALL PRIVILEGES'],
  account: { user: 'root', host: 'localhost' },
}
