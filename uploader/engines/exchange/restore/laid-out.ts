import type { RestoreInput } from '../../engine.ts'
import { hex } from '../ese/log-name.ts'
import { folderNames } from '../folders.ts'

type File = RestoreInput['files'][number]

export interface LaidLog {
  name: string
  size: number
  generation: number
}

/** The files of one database, from a full and the logs after it. Names are relative to the directory of the restore. */
export interface LaidDatabase {
  database: string
  /** A folder of its own for what is made of it. */
  folder: string
  edb: string
  size: number
  base: string
  guid: string
  /** Generations that its recovery needs. */
  required: { min: number; max: number }
  /** Closed logs, ascending. */
  logs: LaidLog[]
  /** `E00.log`, where it goes on from the last closed log. */
  current: LaidLog | undefined
  /** Where it lay on its server. */
  original: { edb: string; logFolder: string }
}

export interface LaidOut {
  databases: LaidDatabase[]
  /** Databases that something is here of, and not enough. */
  without: string[]
  systemState: boolean
}

/** @param input files as they lie, in restore order */
export function laidOut({ files }: Pick<RestoreInput, 'files'>): LaidOut {
  const units = Map.groupBy(
    files.filter(({ role }) => role === 'database' || role === 'log'),
    ({ unit }) => unit,
  )
  const folders = folderNames([...units.keys()])
  const databases: LaidDatabase[] = []
  const without: string[] = []
  for (const [database, own] of units) {
    const edb = own.findLast(({ role }) => role === 'database')
    if (edb) databases.push(laidDatabase(database, folders.get(database)!, edb, own))
    else without.push(database)
  }
  return { databases, without, systemState: files.some(({ role }) => role === 'system-state') }
}

function laidDatabase(database: string, folder: string, edb: File, own: readonly File[]): LaidDatabase {
  const { attributes } = edb
  const [min = 0, max = 0] = (attributes.required ?? '').split('-').map(Number)
  const logs = own.flatMap(file => (file.role === 'log' ? [logOf(file)] : []))
  const closed = new Map(logs.filter(log => !log.current).map(log => [log.generation, log]))
  const inOrder = [...closed.values()].sort((a, b) => a.generation - b.generation)
  const last = inOrder.at(-1)
  // The current log of the full is superseded by the closed one of its number.
  const current = logs.find(log => log.current && (!last || log.generation === last.generation + 1))
  return {
    database,
    folder,
    edb: edb.name,
    size: edb.size,
    base: attributes.base ?? 'E00',
    guid: attributes.guid ?? '',
    required: { min, max },
    logs: inOrder,
    current,
    original: { edb: attributes.path ?? '', logFolder: attributes.logFolder ?? '' },
  }
}

function logOf({ name, size, attributes }: File): LaidLog & { current: boolean } {
  return { name, size, generation: Number(attributes.generation), current: attributes.current === 'true' }
}

/** The last generation that a recovery reaches, as eseutil writes it. */
export function reachedBy({ logs, current, required }: Pick<LaidDatabase, 'logs' | 'current' | 'required'>): string {
  return hex(current?.generation ?? logs.at(-1)?.generation ?? required.max)
}
