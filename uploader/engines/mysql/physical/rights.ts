import type { Right } from '../rights.ts'

/** What the program of the vendor needs. It reads files and no tables. */
export const physicalRights: readonly Right[] = [
  {
    name: 'RELOAD',
    use: 'to keep commits off for the end of the copy',
    without: 'the backup program refuses to run',
    needed: true,
  },
  {
    name: 'PROCESS',
    use: 'to read how far the redo log has come, and to list tablespaces',
    without: 'the backup program refuses to run',
    needed: true,
  },
  {
    name: 'LOCK TABLES',
    use: 'to lock tables that are not in InnoDB',
    without: 'the backup program refuses to run',
    needed: true,
  },
  {
    name: 'BACKUP_ADMIN',
    use: 'to keep ALTER TABLE and the like off while files are copied',
    without: 'the backup program refuses to run',
    needed: true,
    flavour: 'mysql',
    from: 80_000,
  },
  {
    name: 'REPLICATION CLIENT',
    use: 'to read the position of the binary log',
    without: 'the backup program refuses to run',
    needed: true,
    flavour: 'mysql',
    forLog: true,
  },
  {
    name: 'BINLOG MONITOR',
    use: 'to read the position of the binary log',
    without: 'the backup program refuses to run',
    needed: true,
    flavour: 'mariadb',
    from: 100_502,
    forLog: true,
  },
  {
    name: 'REPLICATION CLIENT',
    use: 'to read the position of the binary log',
    without: 'the backup program refuses to run',
    needed: true,
    flavour: 'mariadb',
    until: 100_501,
    forLog: true,
  },
  {
    name: 'REPLICATION SLAVE',
    use: 'to read binary logs',
    without: 'log runs cannot be made, and a differential cannot be proven to continue its full',
    needed: false,
    forLog: true,
  },
]
