import type { DataFile, Tablespace } from '../model/nouns.ts'
import { isOffline } from '../rules/backup-mode.ts'
import type { SessionState } from '../session/session.ts'
import { date, number, seen, text, type View, view, yes } from './view.ts'

const filesSeen = (session: SessionState) =>
  session.database.status === 'STARTED'
    ? []
    : session.database.dataFiles.filter(({ tablespace }) => seen(session, tablespace.container))
const tablespacesSeen = (session: SessionState) =>
  session.database.tablespaces.filter(({ container }) => seen(session, container))

/** Of a view that shows one container alone. */
const filesOfContainer = (session: SessionState) =>
  session.database.dataFiles.filter(({ tablespace }) => tablespace.container === session.container)

function statusOf(file: DataFile): string {
  if (file.needsRecovery) return 'RECOVER'
  if (file.tablespace.offline) return 'OFFLINE'
  return file.tablespace.name === 'SYSTEM' ? 'SYSTEM' : 'ONLINE'
}

function enabledOf({ tablespace }: DataFile): string {
  if (tablespace.offline) return 'DISABLED'
  return tablespace.readOnly ? 'READ ONLY' : 'READ WRITE'
}

function temporaryFiles(): View {
  return view(session => session.database.tempFiles.filter(({ container }) => seen(session, container)))({
    'FILE#': number(({ number: of }) => of),
    'TS#': number(() => 3),
    STATUS: text(() => 'ONLINE'),
    ENABLED: text(() => 'READ WRITE'),
    BYTES: number(({ bytes }) => bytes),
    BLOCKS: number(({ bytes }, { database }) => bytes / database.blockSize),
    BLOCK_SIZE: number((_, { database }) => database.blockSize),
    NAME: text(({ name }) => name),
    CON_ID: number(({ container }) => container),
  })
}

const tablespaceColumns = {
  TABLESPACE_NAME: text<Tablespace>(({ name }) => name),
  BLOCK_SIZE: number<Tablespace>((_, { database }) => database.blockSize),
  STATUS: text<Tablespace>(({ readOnly, offline }) => (offline ? 'OFFLINE' : readOnly ? 'READ ONLY' : 'ONLINE')),
  CONTENTS: text<Tablespace>(({ kind }) => kind),
  LOGGING: text<Tablespace>(() => 'LOGGING'),
  BIGFILE: text<Tablespace>(({ bigfile }) => yes(bigfile)),
}

const dataFileColumns = {
  FILE_NAME: text<DataFile>(({ name }) => name),
  FILE_ID: number<DataFile>(file => file.number),
  TABLESPACE_NAME: text<DataFile>(({ tablespace }) => tablespace.name),
  BYTES: number<DataFile>(({ blocks }, { database }) => blocks * database.blockSize),
  BLOCKS: number<DataFile>(({ blocks }) => blocks),
  STATUS: text<DataFile>(() => 'AVAILABLE'),
  RELATIVE_FNO: number<DataFile>(file => file.number),
  AUTOEXTENSIBLE: text<DataFile>(() => 'YES'),
  ONLINE_STATUS: text<DataFile>(statusOf),
}

/** Views of data files and tablespaces. @see Database Reference */
export const fileViews: Record<string, View> = {
  V$DATAFILE: view(filesSeen)({
    'FILE#': number(file => file.number),
    'CREATION_CHANGE#': number(({ creationScn }) => creationScn),
    CREATION_TIME: date(({ creationTime }) => creationTime),
    'TS#': number(({ tablespace }) => tablespace.number),
    'RFILE#': number(file => file.number),
    STATUS: text(statusOf),
    ENABLED: text(enabledOf),
    'CHECKPOINT_CHANGE#': number(({ checkpointScn }) => checkpointScn),
    CHECKPOINT_TIME: date(({ checkpointTime }) => checkpointTime),
    'UNRECOVERABLE_CHANGE#': number(({ unrecoverableScn }) => unrecoverableScn),
    UNRECOVERABLE_TIME: date(({ unrecoverableTime }) => unrecoverableTime),
    'LAST_CHANGE#': number((file, { database }) =>
      isOffline(file) || database.closedCleanly || database.standsStill(file) ? file.checkpointScn : null,
    ),
    'OFFLINE_CHANGE#': number(() => 0n),
    BYTES: number(({ blocks }, { database }) => blocks * database.blockSize),
    BLOCKS: number(({ blocks }) => blocks),
    CREATE_BYTES: number(({ blocks }, { database }) => blocks * database.blockSize),
    BLOCK_SIZE: number((_, { database }) => database.blockSize),
    NAME: text(({ name }) => name),
    CON_ID: number(({ tablespace }) => tablespace.container),
  }),
  V$DATAFILE_HEADER: view(filesSeen)({
    'FILE#': number(file => file.number),
    STATUS: text(file => (isOffline(file) ? 'OFFLINE' : 'ONLINE')),
    RECOVER: text(({ needsRecovery }) => yes(needsRecovery)),
    FUZZY: text(({ tablespace }) => yes(!tablespace.readOnly && !tablespace.offline)),
    'CREATION_CHANGE#': number(({ creationScn }) => creationScn),
    TABLESPACE_NAME: text(({ tablespace }) => tablespace.name),
    'TS#': number(({ tablespace }) => tablespace.number),
    'RESETLOGS_CHANGE#': number((_, { database }) => database.incarnation.resetlogsScn),
    'CHECKPOINT_CHANGE#': number(({ checkpointScn }) => checkpointScn),
    CHECKPOINT_TIME: date(({ checkpointTime }) => checkpointTime),
    CHECKPOINT_COUNT: number(({ checkpointCount }) => checkpointCount),
    BYTES: number(({ blocks }, { database }) => blocks * database.blockSize),
    NAME: text(({ name }) => name),
    CON_ID: number(({ tablespace }) => tablespace.container),
  }),
  V$BACKUP: view(filesSeen)({
    'FILE#': number(file => file.number),
    STATUS: text(file => (isOffline(file) ? 'OFFLINE NORMAL' : file.backup.active ? 'ACTIVE' : 'NOT ACTIVE')),
    'CHANGE#': number(({ backup }) => backup.scn),
    TIME: date(({ backup }) => backup.time),
    CON_ID: number(({ tablespace }) => tablespace.container),
  }),
  V$RECOVER_FILE: view(session => filesSeen(session).filter(({ needsRecovery }) => needsRecovery))({
    'FILE#': number(file => file.number),
    ONLINE: text(() => 'OFFLINE'),
    ONLINE_STATUS: text(() => 'OFFLINE'),
    ERROR: text(() => null),
    'CHANGE#': number(({ checkpointScn }) => checkpointScn),
    TIME: date(({ checkpointTime }) => checkpointTime),
    CON_ID: number(({ tablespace }) => tablespace.container),
  }),
  V$TABLESPACE: view(tablespacesSeen)({
    'TS#': number(tablespace => tablespace.number),
    NAME: text(({ name }) => name),
    INCLUDED_IN_DATABASE_BACKUP: text(() => 'YES'),
    BIGFILE: text(({ bigfile }) => yes(bigfile)),
    CON_ID: number(({ container }) => container),
  }),
  V$TEMPFILE: temporaryFiles(),
  V$CONTROLFILE: view(({ database }) => database.controlFiles)({
    STATUS: text(() => null),
    NAME: text(name => name),
    IS_RECOVERY_DEST_FILE: text(() => 'NO'),
    BLOCK_SIZE: number(() => 16_384),
    FILE_SIZE_BLKS: number(() => 2),
    CON_ID: number(() => 0),
  }),
  DBA_TABLESPACES: view(({ database, container }) =>
    database.tablespaces.filter(tablespace => tablespace.container === container),
  )(tablespaceColumns),
  CDB_TABLESPACES: view(tablespacesSeen)({ ...tablespaceColumns, CON_ID: number(({ container }) => container) }),
  DBA_DATA_FILES: view(filesOfContainer)(dataFileColumns),
  CDB_DATA_FILES: view(filesSeen)({ ...dataFileColumns, CON_ID: number(({ tablespace }) => tablespace.container) }),
}
