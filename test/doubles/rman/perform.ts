import { copyFileSync } from 'node:fs'
import type { Database } from '../tns/model/database.ts'
import { OraError } from '../tns/ora.ts'
import type { Oracle } from '../tns/oracle.ts'
import { inner } from './commands-in.ts'
import type { Repository } from './repository.ts'

/** Of one RUN: it ends with it. */
interface Run {
  destination: string
}

type Command = (given: string[], oracle: Oracle, repository: Repository, run: Run) => string[]

/** @see Backup and Recovery Reference */
const commands: [RegExp, Command][] = [
  [/^CONNECT TARGET "\/ as sysbackup";$/, (_, oracle) => ['', banner(oracle)]],
  [/^SHUTDOWN IMMEDIATE;$/, (_, oracle) => shutDown(oracle)],
  [/^STARTUP( MOUNT)?;$/, ([mount], oracle) => startUp(oracle, mount !== undefined)],
  [/^ALTER DATABASE OPEN;$/, (_, oracle) => open(oracle)],
  [
    /^ALLOCATE CHANNEL (\w+) DEVICE TYPE DISK(?: MAXPIECESIZE \w+)?;$/,
    ([channel]) => [`allocated channel: ${channel}`],
  ],
  [/^RELEASE CHANNEL (\w+);$/, ([channel]) => [`released channel: ${channel}`]],
  [
    /^BACKUP AS BACKUPSET FULL CHECK LOGICAL TAG '\w{1,30}' FORMAT '([^']+)%U' DATABASE;$/,
    ([path], oracle) => backUp(path!, oracle),
  ],
  [/^CHANGE BACKUP TAG '\w+' UNCATALOG;$/, () => ['uncataloged backup piece']],
  [
    /^SET ARCHIVELOG DESTINATION TO '([^']+)';$/,
    ([path], _oracle, _repository, run) => {
      run.destination = path!
      return ['executing command: SET ARCHIVELOG DESTINATION']
    },
  ],
  [
    /^RESTORE ARCHIVELOG SEQUENCE (\d+) THREAD (\d+);$/,
    ([sequence, thread], { database }, repository, run) => [
      `archived log: ${repository.restore(database, Number(thread), Number(sequence), run.destination)}`,
    ],
  ],
  [
    /^BACKUP AS COPY ARCHIVELOG SEQUENCE (\d+) THREAD (\d+) FORMAT '([^']+)';$/,
    ([sequence, thread, path], { database }) => copyLog(database, Number(thread), Number(sequence), path!),
  ],
  [/^CHANGE ARCHIVELOG '([^']+)' UNCATALOG;$/, ([path], oracle) => forget(path!, oracle)],
]

/** @returns what it says. @throws Error, in RMAN's words or with the number of the database's */
export function perform(
  command: string,
  oracle: Oracle,
  repository: Repository,
  run: Run = { destination: '' },
): string[] {
  if (/^RUN\s*\{/.test(command)) return inner(command).flatMap(each => perform(each, oracle, repository, run))
  for (const [pattern, act] of commands) {
    const [found, ...given] = pattern.exec(command) ?? []
    if (found !== undefined) return act(given, oracle, repository, run)
  }
  throw new Error(`RMAN-00558: error encountered while parsing input commands\nRMAN-01009: syntax error: ${command}`)
}

function banner({ database, isRunning }: Oracle): string {
  if (!isRunning) return 'connected to target database (not started)'
  if (database.status === 'STARTED') return `connected to target database: ${database.name} (not mounted)`
  const state = database.status === 'OPEN' ? '' : ', not open'
  return `connected to target database: ${database.name} (DBID=${database.databaseId}${state})`
}

function shutDown(oracle: Oracle): string[] {
  oracle.shutdown()
  return ['database closed', 'database dismounted', 'Oracle instance shut down']
}

function startUp(oracle: Oracle, mount: boolean): string[] {
  if (oracle.isRunning) throw new OraError(1081, 'cannot start already-running ORACLE - shut it down first')
  if (mount) oracle.mount()
  else oracle.startup()
  return ['Oracle instance started', 'database mounted', ...(mount ? [] : ['database opened'])]
}

function open({ database }: Oracle): string[] {
  if (database.status === 'OPEN') throw new OraError(1531, 'a database already open by the instance')
  database.open()
  return ['Statement processed']
}

/** A piece for each data file, which here holds nothing but that. */
function backUp(path: string, { database }: Oracle): string[] {
  if (!database.archiveLog && database.status === 'OPEN')
    throw new OraError(19602, 'cannot backup or copy active file in NOARCHIVELOG mode')
  for (const file of database.dataFiles) copyFileSync(file.path, `${path}${file.number}_1_1`)
  return [`piece handle=${path}1_1_1`]
}

function forget(path: string, { database }: Oracle): string[] {
  const { archived } = database.logs
  const at = archived.findIndex(({ name }) => name === path)
  if (at < 0) throw new Error(`RMAN-06020: connected to target database, no archived log ${path}`)
  archived.splice(at, 1)
  return ['uncataloged archived log']
}

/** Also out of ASM, which the files of the model only are called to lie in. */
function copyLog({ logs }: Database, thread: number, sequence: number, path: string): string[] {
  const log = logs.archived.find(each => each.thread === thread && each.sequence === sequence && each.name !== null)
  if (!log)
    throw new Error('RMAN-06059: expected archived log not found, loss of archived log compromises recoverability')
  copyFileSync(log.path, path)
  logs.catalog(path)
  return [`output file name=${path}`]
}
