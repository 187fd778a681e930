import { has, type SessionState, schemaOf, systemPrivileges } from '../session/session.ts'
import { number, text, type View, view } from './view.ts'

const directories = (session: SessionState) =>
  session.database.directories.filter(({ container }) => container === session.container)

/** Views of who may what, and of DIRECTORY objects. @see Database Reference */
export const userViews: Record<string, View> = {
  DUAL: view(() => ['X'], true)({ DUMMY: text(dummy => dummy) }),
  SESSION_PRIVS: view(
    session => systemPrivileges.filter(privilege => has(session, privilege)),
    true,
  )({ PRIVILEGE: text(name => name) }),
  DBA_DIRECTORIES: view(directories)({
    OWNER: text(() => 'SYS'),
    DIRECTORY_NAME: text(({ name }) => name),
    DIRECTORY_PATH: text(({ path }) => path),
    ORIGIN_CON_ID: number(({ container }) => container),
  }),
  ALL_DIRECTORIES: view(
    directories,
    true,
  )({
    OWNER: text(() => 'SYS'),
    DIRECTORY_NAME: text(({ name }) => name),
    DIRECTORY_PATH: text(({ path }) => path),
  }),
  V$PWFILE_USERS: view(session => session.users.filter(({ administrative }) => administrative.length > 0))({
    USERNAME: text(({ name }) => name),
    SYSDBA: text(({ administrative }) => flag(administrative.includes('SYSDBA'))),
    SYSOPER: text(({ administrative }) => flag(administrative.includes('SYSOPER'))),
    SYSBACKUP: text(({ administrative }) => flag(administrative.includes('SYSBACKUP'))),
    CON_ID: number(() => 0),
  }),
  V$SESSION: view(session => [session])({
    SID: number(({ id }) => id),
    'SERIAL#': number(({ serial }) => serial),
    USERNAME: text(schemaOf),
    STATUS: text(() => 'ACTIVE'),
    TYPE: text(() => 'USER'),
    CON_ID: number(({ container }) => container),
  }),
}

function flag(is: boolean): string {
  return is ? 'TRUE' : 'FALSE'
}
