import type { Database } from '../database.ts'
import type { Login } from '../login.ts'
import { hasAccess } from '../rights.ts'
import type { Rule } from './rule.ts'

export interface OpenFacts {
  name: string
  database: Database | undefined
  login: Login
  /** Sessions that have it open, the asking one aside. */
  others: number
}

const errors = 'Database Engine events and errors (0 to 999)'

/** Whether a database can be opened by somebody: for USE, and at the beginning of BACKUP. */
export const existence: Rule<OpenFacts>[] = [
  {
    number: 911,
    source: errors,
    applies: ({ database }) => database === undefined,
    values: ({ name }) => [name],
  },
]

export const state: Rule<OpenFacts>[] = [
  {
    number: 942,
    source: 'BACKUP (Transact-SQL): a database that is offline cannot be backed up, with NO_TRUNCATE neither',
    applies: ({ database }) => database!.state === 'OFFLINE',
    values: ({ name }) => [name],
  },
  {
    number: 954,
    source: 'BACKUP (Transact-SQL): the mirror database cannot be backed up',
    applies: ({ database }) => database!.mirroring === 'MIRROR',
    values: ({ name }) => [name],
  },
  {
    number: 927,
    source: errors,
    applies: ({ database }) => database!.state === 'RESTORING' || database!.state === 'RECOVERING',
    values: ({ name }) => [name],
  },
  {
    number: 945,
    source: errors,
    applies: ({ database }) => database!.state === 'RECOVERY_PENDING',
    values: ({ name }) => [name],
  },
  {
    number: 926,
    source: errors,
    applies: ({ database }) => database!.state === 'SUSPECT',
    values: ({ name }) => [name],
  },
]

export const access: Rule<OpenFacts>[] = [
  {
    number: 916,
    source: errors,
    applies: ({ database, login }) => !hasAccess(login, database!),
    values: ({ name, login }) => [login.name, name],
  },
  {
    number: 924,
    source: 'ALTER DATABASE SET options (Transact-SQL), SINGLE_USER',
    applies: ({ database, others }) => database!.userAccess === 'SINGLE_USER' && others > 0,
    values: ({ name }) => [name],
  },
]
