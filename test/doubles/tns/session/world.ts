import { readView } from '../dictionary/dictionary.ts'
import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'
import type { Bind } from '../server.ts'
import { toNumber } from '../sql/arithmetic.ts'
import { formatZone } from '../sql/format-date.ts'
import { functions } from '../sql/functions.ts'
import { describeQuery, runQuery } from '../sql/run-query.ts'
import type { ScalarFunction, World } from '../sql/scope.ts'
import { type Bfile, isBfile, type TypeName, type Value, ZonedDate } from '../value.ts'
import type { ServerFiles } from './files.ts'
import { type SessionState, schemaOf } from './session.ts'

/** What names mean in a statement of a session. */
export function worldOf(session: SessionState, files: ServerFiles, binds: Bind[]): World {
  const ofSession = sessionFunctions(session, files)
  const world: World = {
    table: name => readView(session, name),
    call: name => functions[name] ?? ofSession[name] ?? null,
    binds,
    run: (query, scope) => runQuery(query, world, scope),
    describe: (query, scope) => describeQuery(query, world, scope),
  }
  return world
}

function sessionFunctions(session: SessionState, files: ServerFiles): Record<string, ScalarFunction> {
  const { database } = session
  const constant = (type: TypeName, value: () => Value): ScalarFunction => ({ args: [0, 0], type, evaluate: value })
  const ofFile = (evaluate: (bfile: Bfile) => bigint): ScalarFunction => ({
    args: [1, 1],
    type: 'NUMBER',
    evaluate: bfile => (bfile === null ? null : evaluate(requireBfile(bfile!))),
  })
  return {
    SYSDATE: constant('DATE', () => new Date(Math.floor(database.clock().getTime() / 1000) * 1000)),
    SYSTIMESTAMP: constant('TIMESTAMP_TZ', () => new ZonedDate(database.clock(), database.offsetMinutes)),
    CURRENT_DATE: constant('DATE', () => database.clock()),
    USER: constant('VARCHAR2', () => schemaOf(session)),
    DBTIMEZONE: constant('VARCHAR2', () => formatZone(database.offsetMinutes)),
    SESSIONTIMEZONE: constant('VARCHAR2', () => formatZone(database.offsetMinutes)),
    TZ_OFFSET: { args: [1, 1], type: 'VARCHAR2', evaluate: () => formatZone(database.offsetMinutes) },
    SCN_TO_TIMESTAMP: {
      args: [1, 1],
      type: 'TIMESTAMP',
      evaluate: scn => (scn === null ? null : timeOf(database, BigInt(toNumber(scn!)))),
    },
    SYS_CONTEXT: {
      args: [2, 3],
      type: 'VARCHAR2',
      evaluate: (namespace, name) => contextOf(session, String(namespace), String(name)),
    },
    BFILENAME: {
      args: [2, 2],
      type: 'BFILE',
      evaluate: (directory, file) =>
        file === null ? null : { directory: String(directory ?? ''), file: String(file) },
    },
    'DBMS_LOB.GETLENGTH': ofFile(bfile => files.length(bfile)),
    'DBMS_LOB.FILEEXISTS': ofFile(bfile => (files.exists(bfile) ? 1n : 0n)),
    'DBMS_LOB.FILEISOPEN': ofFile(bfile => (files.isOpen(bfile) ? 1n : 0n)),
  }
}

function timeOf(database: Database, scn: bigint): Date {
  const time = database.timeOf(scn)
  if (time === null) throw new OraError(8181, 'specified number is not a valid system change number')
  return time
}

function requireBfile(value: NonNullable<Value>): Bfile {
  if (!isBfile(value)) throw new OraError(932, 'inconsistent datatypes: expected FILE got CHAR')
  return value
}

/** @see SQL Language Reference, SYS_CONTEXT, "Predefined Parameters of Namespace USERENV" */
function contextOf(session: SessionState, namespace: string, name: string): string | null {
  const { database, container, service, as } = session
  if (namespace.toUpperCase() !== 'USERENV') return null
  const current = database.containers.find(({ id }) => id === container)!
  const values: Record<string, string> = {
    CON_ID: String(container),
    CON_NAME: database.hasContainers ? current.name : database.name,
    CDB_NAME: database.hasContainers ? database.name : '',
    DB_NAME: container > 1 ? current.name : database.name.toLowerCase(),
    DB_UNIQUE_NAME: database.uniqueName,
    DATABASE_ROLE: database.role,
    INSTANCE: String(session.thread),
    INSTANCE_NAME: database.logs.threads.find(({ number }) => number === session.thread)!.instance,
    SERVICE_NAME: service,
    SESSION_USER: schemaOf(session),
    CURRENT_USER: schemaOf(session),
    SERVER_HOST: 'oracle',
    ISDBA: as === 'SYSDBA' ? 'TRUE' : 'FALSE',
    SID: String(session.id),
  }
  const value = values[name.toUpperCase()]
  if (value === undefined) throw new OraError(2003, 'invalid USERENV parameter')
  return value || null
}
