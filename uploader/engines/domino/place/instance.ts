import { readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Settings } from '../settings.ts'
import { type NotesIni, parseNotesIni, textOf } from './notes-ini.ts'

/** Where a partition keeps everything, as its notes.ini says. */
export interface Instance {
  ini: string
  data: string
  /** With the programs and the library. */
  program: string
  library: string
  /** Undefined where it keeps no attachments outside of databases. */
  daos: string | undefined
  /** Folders whose content Domino makes anew: indexes, and the log that is only copied through the API. */
  leftOut: readonly string[]
  log: string | undefined
  /** `Release 12.0.2`, as far as it is known. */
  release: string | undefined
  name: string | undefined
  twice: readonly string[]
  /** Attachments may lie in an object store, which is no part of this machine. */
  objectStore: boolean
  /** Of the bytes of notes.ini. */
  bytes: Buffer
}

/** @throws Failure `domino-ini` */
export async function readInstance({ ini, program }: Pick<Settings, 'ini' | 'program'>): Promise<Instance> {
  const bytes = await readFile(ini).catch(error => {
    throw new Failure('domino-ini', `${ini} cannot be read`, {
      why: messageOf(error),
      fix: 'Correct ini: the notes.ini of the server, on Linux in its data directory; and let the account of failsafe read it',
      cause: error,
    })
  })
  const parsed = parseNotesIni(bytes)
  const data = textOf(parsed, 'Directory')
  if (data === undefined)
    throw new Failure('domino-ini', `${ini} does not name a data directory`, {
      why: 'it has no line Directory=',
      fix: 'Correct ini: it is the notes.ini of a server that was set up',
    })
  await requireDirectory(data, ini)
  const programs = program ?? textOf(parsed, 'NotesProgram')
  if (programs === undefined)
    throw new Failure('domino-ini', `${ini} does not say where the programs of Domino are`, {
      why: 'it has no line NotesProgram=',
      fix: 'Set program, for example /opt/hcl/domino/notes/latest/linux',
    })
  return { ini, data, program: programs, bytes, ...placesIn(parsed, data, programs) }
}

function placesIn(ini: NotesIni, data: string, program: string) {
  const inData = (name: string, otherwise: string) => resolve(data, textOf(ini, name) ?? otherwise)
  const logs = textOf(ini, 'TRANSLOG_Status') === '1' ? inData('TRANSLOG_Path', 'logdir') : undefined
  const daos = textOf(ini, 'DAOSEnable') === '1' ? inData('DAOSBasePath', 'DAOS') : undefined
  const indexes = ['FTBasePath', 'NIFBasePath']
    .map(name => textOf(ini, name))
    .filter(path => path !== undefined)
    .map(path => resolve(data, path))
    .filter(path => !isInside(data, path))
  return {
    library: join(program, process.platform === 'win32' ? 'nnotes.dll' : 'libnotes.so'),
    daos,
    log: logs,
    leftOut: [...indexes, ...(logs === undefined ? [] : [logs]), ...(daos === undefined ? [] : [daos])],
    release: textOf(ini, 'FaultRecovery_Build'),
    name: textOf(ini, 'ServerName'),
    twice: ini.twice,
    objectStore: textOf(ini, 'DAOS_T2_Enable') === '1',
  }
}

async function requireDirectory(path: string, ini: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new Failure('domino-ini', `There is no data directory ${path}`, {
    why: `${ini} names it`,
    fix: 'Correct ini, or let the account of failsafe enter that directory',
  })
}

/** Whether `path` is `directory` or below it. Both are absolute. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/**
 * A copy that Domino finds in its data directory, and opens, can never be rolled forward again.
 * @throws Failure `domino-directory-inside`, `domino-directory`
 */
export async function requireOutside(directory: string, { data }: Pick<Instance, 'data'>): Promise<void> {
  const [copies, own] = await Promise.all([
    realpath(directory).catch(error => {
      throw new Failure('domino-directory', `There is no directory ${directory} for the copies of databases`, {
        why: messageOf(error),
        fix: `Make it, for the user that Domino runs as: install -d -o notes -g notes -m 0700 ${directory}`,
        cause: error,
      })
    }),
    realpath(data),
  ])
  if (!isInside(copies, own)) return
  throw new Failure('domino-directory-inside', `The directory ${directory} lies in Domino's data directory`, {
    why: `${copies} is below ${own}; Domino would open the copies, and a copy that was opened cannot be rolled forward`,
    fix: 'Set directory to a place outside of it',
  })
}
