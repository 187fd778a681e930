import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'
import type { Privilege } from '../protocol/auth.ts'

/** Privileges that are granted one by one. @see SQL Language Reference, "GRANT", System Privileges */
export const systemPrivileges = [
  'CREATE SESSION',
  'SELECT ANY DICTIONARY',
  'ALTER DATABASE',
  'ALTER SYSTEM',
  'ALTER TABLESPACE',
  'CREATE ANY DIRECTORY',
  'DROP ANY DIRECTORY',
] as const
export type SystemPrivilege = (typeof systemPrivileges)[number]

export interface User {
  name: string
  password: string
  /** As what it may log on. */
  administrative: Privilege[]
  privileges: SystemPrivilege[]
  /** Packages on which EXECUTE is granted. */
  executes?: string[]
  /** Of other containers than the root, in which it is, it sees nothing unless this was set. */
  containerData?: 'ALL'
  locked?: boolean
  expired?: boolean
}

/** What each administrative privilege holds. @see Security Guide, "Managing Administrative Privileges"; [reference 2.B] */
const held: Record<Privilege, SystemPrivilege[] | 'all'> = {
  SYSDBA: 'all',
  SYSBACKUP: [
    'CREATE SESSION',
    'SELECT ANY DICTIONARY',
    'ALTER DATABASE',
    'ALTER SYSTEM',
    'ALTER TABLESPACE',
    'CREATE ANY DIRECTORY',
    'DROP ANY DIRECTORY',
  ],
  SYSOPER: ['CREATE SESSION', 'ALTER DATABASE', 'ALTER SYSTEM'],
}

/** What one connection is to the database: who, where, and what it has set. */
export interface SessionState {
  readonly database: Database
  readonly user: User
  readonly as: Privilege | null
  /** Everybody who has an account. */
  readonly users: User[]
  /** `19.0.0.0.0` */
  readonly version: string
  readonly banner: string
  readonly wallet: { path: string; status: 'OPEN' | 'NOT_AVAILABLE' }
  readonly id: number
  readonly serial: number
  readonly thread: number
  service: string
  /** Of the container that it is in: 0 for a database without containers, 1 for the root. */
  container: number
}

export function has({ user, as }: SessionState, privilege: SystemPrivilege): boolean {
  if (as === null) return user.privileges.includes(privilege)
  const all = held[as]
  return all === 'all' || all.includes(privilege)
}

/** @throws OraError 1031 */
export function require(session: SessionState, privilege: SystemPrivilege): void {
  if (!has(session, privilege)) throw new OraError(1031, 'insufficient privileges')
}

/** For what no privilege helps that is granted one by one. @throws OraError 1031 */
export function requireAdministrative({ as }: SessionState): void {
  if (as === null) throw new OraError(1031, 'insufficient privileges')
}

/** @throws OraError 65040 */
export function requireRoot({ container }: SessionState): void {
  if (container > 1) throw new OraError(65040, 'operation not allowed from within a pluggable database')
}

export function schemaOf({ user, as }: SessionState): string {
  return as === null ? user.name : 'SYS'
}
