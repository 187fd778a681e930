import type { Flavour, Inventory } from './inventory.ts'
import { physicalRights } from './physical/rights.ts'
import type { Settings } from './settings.ts'
import { quoteAccount } from './sql/quote.ts'

/** A right of the account that backs up, on everything. */
export interface Right {
  name: string
  /** What it is for; what happens without it. */
  use: string
  without: string
  /** Whether a backup is refused without it: something would be left out unnoticed. */
  needed: boolean
  flavour?: Flavour
  /** The first release that has it, and the last. */
  from?: number
  until?: number
  /** Wanted only where the server writes a binary log. */
  forLog?: boolean
  /** A right that does as well. */
  or?: string
}

const rights: readonly Right[] = [
  {
    name: 'SELECT',
    use: 'to read rows, accounts and definitions',
    without: 'rows, and even whole databases, would be left out unnoticed',
    needed: true,
  },
  { name: 'SHOW VIEW', use: 'to read views', without: 'the definition of a view cannot be read', needed: true },
  { name: 'TRIGGER', use: 'to read triggers', without: 'triggers would be left out unnoticed', needed: true },
  { name: 'EVENT', use: 'to read events', without: 'events would be left out unnoticed', needed: true },
  {
    name: 'RELOAD',
    use: 'to lock all databases for the moment of a backup, and to end a binary log so that it can be backed up',
    without: 'weaker ways to take one moment are tried, and a log run ends in the middle of a log',
    needed: false,
  },
  {
    name: 'LOCK TABLES',
    use: 'to lock tables for the moment where RELOAD is missing',
    without: 'one connection reads alone where nothing else can be locked',
    needed: false,
    flavour: 'mariadb',
    or: 'RELOAD',
  },
  {
    name: 'LOCK TABLES',
    use: 'to lock tables for the moment where RELOAD is missing, or where long statements are running',
    without: 'one connection reads alone where nothing else can be locked',
    needed: false,
    flavour: 'mysql',
  },
  {
    name: 'PROCESS',
    use: 'to see long statements before a lock is asked for, and tablespaces',
    without: 'a lock may wait behind a long statement, and general tablespaces are not seen',
    needed: false,
  },
  {
    name: 'BACKUP_ADMIN',
    use: 'to keep ALTER TABLE and the like off while a backup is taken',
    without: 'a table that is altered meanwhile makes the backup fail',
    needed: false,
    flavour: 'mysql',
    from: 80_000,
  },
  {
    name: 'SHOW_ROUTINE',
    use: 'to read routines of others',
    without: 'a routine whose text is not shown makes the backup fail',
    needed: false,
    flavour: 'mysql',
    from: 80_020,
    or: 'SELECT',
  },
  {
    name: 'REPLICATION CLIENT',
    use: 'to read the position of the binary log and the list of logs',
    without: 'the position of a full is unknown, so no log run can go on from it',
    needed: false,
    flavour: 'mysql',
    forLog: true,
  },
  {
    name: 'BINLOG MONITOR',
    use: 'to read the list of binary logs',
    without: 'log runs cannot be made',
    needed: false,
    flavour: 'mariadb',
    from: 100_502,
    forLog: true,
  },
  {
    name: 'REPLICATION CLIENT',
    use: 'to read the list of binary logs',
    without: 'log runs cannot be made',
    needed: false,
    flavour: 'mariadb',
    until: 100_501,
    forLog: true,
  },
  {
    name: 'XA_RECOVER_ADMIN',
    use: 'to see XA transactions that are prepared at the moment of a full',
    without: 'logs after a full that such a transaction was open at cannot be restored',
    needed: false,
    flavour: 'mysql',
    from: 80_000,
    forLog: true,
  },
  {
    name: 'REPLICATION SLAVE',
    use: 'to read binary logs',
    without: 'log runs cannot be made',
    needed: false,
    forLog: true,
  },
]

export interface MissingRight extends Pick<Right, 'name' | 'use' | 'without' | 'needed'> {
  /** The statement that grants it, for an administrator. */
  statement: string
}

type Seen = Pick<Inventory, 'flavour' | 'release' | 'logBase' | 'rights' | 'account'>

/** Rights of this server's release that the account lacks for a method, in the order of its table. */
export function missingRights(inventory: Seen, method: Settings['method']): MissingRight[] {
  const has = (right: string) => inventory.rights.includes('ALL PRIVILEGES') || inventory.rights.includes(right)
  return (method === 'physical' ? physicalRights : rights)
    .filter(right => concerns(right, inventory) && !has(right.name) && !(right.or !== undefined && has(right.or)))
    .map(({ name, use, without, needed }) => ({
      name,
      use,
      without,
      needed,
      statement: `GRANT ${name} ON *.* TO ${quoteAccount(inventory.account)}`,
    }))
}

function concerns({ flavour, from = 0, until = Infinity, forLog = false }: Right, server: Seen): boolean {
  if (flavour !== undefined && flavour !== server.flavour) return false
  if (server.release < from || server.release > until) return false
  return !forLog || server.logBase !== null
}
