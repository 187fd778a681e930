import type { Database } from '../model/database.ts'
import type { SessionState } from '../session/session.ts'
import { date, number, seen, text, type View, view, yes } from './view.ts'

const platform = 'Linux x86 64-bit'

/** Views of the database, its instances and what it is set to. @see Database Reference, "Dynamic Performance Views" */
export const databaseViews: Record<string, View> = {
  V$DATABASE: view(({ database }) => (database.status === 'STARTED' ? [] : [database]))({
    DBID: number(database => database.databaseId),
    NAME: text(database => database.name),
    CREATED: date(database => database.created),
    'RESETLOGS_CHANGE#': number(database => database.incarnation.resetlogsScn),
    RESETLOGS_TIME: date(database => database.incarnation.resetlogsTime),
    'PRIOR_RESETLOGS_CHANGE#': number(database => database.incarnations.at(-2)?.resetlogsScn ?? 0n),
    PRIOR_RESETLOGS_TIME: date(database => database.incarnations.at(-2)?.resetlogsTime ?? null),
    LOG_MODE: text(database => (database.archiveLog ? 'ARCHIVELOG' : 'NOARCHIVELOG')),
    'CHECKPOINT_CHANGE#': number(checkpointOf),
    'ARCHIVE_CHANGE#': number(database => database.logs.archived.at(-1)?.nextScn ?? 0n),
    CONTROLFILE_TYPE: text(database => database.controlFileType),
    CONTROLFILE_CREATED: date(database => database.created),
    OPEN_MODE: text((database, { container }) =>
      container > 1 ? database.containers.find(({ id }) => id === container)!.openMode : database.openMode,
    ),
    DATABASE_ROLE: text(database => database.role),
    PROTECTION_MODE: text(() => 'MAXIMUM PERFORMANCE'),
    FORCE_LOGGING: text(() => 'NO'),
    FLASHBACK_ON: text(() => 'NO'),
    PLATFORM_ID: number(() => 13),
    PLATFORM_NAME: text(() => platform),
    CURRENT_SCN: number(database => (database.status === 'OPEN' ? database.nextScn() : 0n)),
    DB_UNIQUE_NAME: text(database => database.uniqueName),
    'ACTIVATION#': number(database => database.databaseId + 1),
    CDB: text(database => yes(database.hasContainers)),
    CON_ID: number((database, { container }) => (database.hasContainers ? container : 0)),
  }),
  V$INSTANCE: view(({ database, thread }) => [instanceOf(database, thread)])(instanceColumns()),
  GV$INSTANCE: view(({ database }) =>
    database.logs.threads.filter(({ open }) => open).map(({ number: of }) => instanceOf(database, of)),
  )({ INST_ID: number(({ thread }) => thread), ...instanceColumns() }),
  V$VERSION: view(({ banner }) => [banner])({ BANNER: text(banner => banner), CON_ID: number(() => 0) }),
  V$DATABASE_INCARNATION: view(({ database }) => database.incarnations)({
    'INCARNATION#': number(incarnation => incarnation.number),
    'RESETLOGS_CHANGE#': number(incarnation => incarnation.resetlogsScn),
    RESETLOGS_TIME: date(incarnation => incarnation.resetlogsTime),
    'PRIOR_RESETLOGS_CHANGE#': number(
      ({ prior }, { database }) => database.incarnations[prior - 1]?.resetlogsScn ?? 0n,
    ),
    STATUS: text(incarnation => incarnation.status),
    RESETLOGS_ID: number(incarnation => incarnation.resetlogsId),
    'PRIOR_INCARNATION#': number(incarnation => incarnation.prior),
    CON_ID: number(() => 0),
  }),
  V$CONTAINERS: containers(1),
  V$PDBS: containers(2),
  V$PARAMETER: view(({ database }) => database.parameters.all())({
    NAME: text(({ name }) => name),
    VALUE: text(({ value }) => value),
    DISPLAY_VALUE: text(({ value }) => value),
    ISDEFAULT: text(({ specified }) => (specified ? 'FALSE' : 'TRUE')),
  }),
  V$SPPARAMETER: view(({ database }) => (database.spfile === null ? [] : database.parameters.all()))({
    SID: text(() => '*'),
    NAME: text(({ name }) => name),
    VALUE: text(({ value, specified }) => (specified ? value : null)),
    DISPLAY_VALUE: text(({ value, specified }) => (specified ? value : null)),
    ISSPECIFIED: text(({ specified }) => String(specified).toUpperCase()),
    ORDINAL: number(() => 1),
  }),
  V$ENCRYPTION_WALLET: view(({ wallet }) => [wallet])({
    WRL_TYPE: text(() => 'FILE'),
    WRL_PARAMETER: text(({ path }) => path),
    STATUS: text(({ status }) => status),
    WALLET_TYPE: text(() => 'UNKNOWN'),
    CON_ID: number(() => 0),
  }),
  V$BLOCK_CHANGE_TRACKING: view(() => ['DISABLED'])({
    STATUS: text(status => status),
    FILENAME: text(() => null),
    BYTES: number(() => null),
  }),
}

function checkpointOf(database: Database): bigint {
  return database.dataFiles.map(({ checkpointScn }) => checkpointScn).sort((one, other) => (one < other ? 1 : -1))[0]!
}

interface Instance {
  database: Database
  thread: number
  name: string
}

function instanceOf(database: Database, thread: number): Instance {
  return { database, thread, name: database.logs.threads.find(({ number: of }) => of === thread)!.instance }
}

function instanceColumns() {
  return {
    INSTANCE_NUMBER: number<Instance>(({ thread }) => thread),
    INSTANCE_NAME: text<Instance>(({ name }) => name),
    HOST_NAME: text<Instance>(() => 'oracle.example'),
    VERSION: text<Instance>((_, { version }) => version),
    STARTUP_TIME: date<Instance>(({ database }) => database.created),
    STATUS: text<Instance>(({ database }) => database.status),
    PARALLEL: text<Instance>(({ database }) => yes(database.logs.threads.length > 1)),
    'THREAD#': number<Instance>(({ thread }) => thread),
    ARCHIVER: text<Instance>(({ database }) => {
      if (!database.archiveLog) return 'STOPPED'
      return database.logs.destinations.some(({ full }) => full) ? 'FAILED' : 'STARTED'
    }),
    DATABASE_STATUS: text<Instance>(() => 'ACTIVE'),
    INSTANCE_ROLE: text<Instance>(() => 'PRIMARY_INSTANCE'),
    EDITION: text<Instance>(() => 'EE'),
    CON_ID: number<Instance>(() => 0),
  }
}

/** @param from the least container that is listed: V$PDBS lacks the root, and what has no containers is listed as one in V$CONTAINERS alone */
function containers(from: number): View {
  const listed = (session: SessionState) =>
    session.database.containers.filter(({ id }) => (id >= from || (id === 0 && from === 1)) && seen(session, id))
  return view(listed)({
    CON_ID: number(({ id }) => id),
    DBID: number(({ id }, { database }) => database.databaseId + Math.max(0, id - 1)),
    NAME: text(({ name }, { database }) => name || database.name),
    OPEN_MODE: text(({ openMode }, { database }) => (database.status === 'OPEN' ? openMode : 'MOUNTED')),
    RESTRICTED: text(() => 'NO'),
  })
}
