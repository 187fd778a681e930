import type { RestoreInput } from '../../engine.ts'
import { pathKey, removedIn } from '../backup/info.ts'
import { unit } from '../position.ts'

type File = RestoreInput['files'][number]

/** A database as it was backed up last. */
export interface Database {
  /** Below the data directory, or absolute where a link leads out of it. */
  path: string
  /** Of the laid-out file. */
  file: string
  size: number
  logged: boolean
  logId: string
  firstExtent: number
}

export interface LogExtent {
  file: string
  logId: string
  number: number
  /** False: it was still written when it was backed up. */
  closed: boolean
}

/** What a chain of snapshots leads to: of each thing the newest. */
export interface Contents {
  databases: Database[]
  /** Not on the server any more when the last of the snapshots was taken: they are not put back unasked. */
  removed: Database[]
  /** In order; of one that was backed up while it was written and then whole, the whole one. */
  extents: LogExtent[]
  objects: { path: string; file: string; size: number }[]
  /** Files of the data directory that are no databases, notes.ini among them. */
  files: { path: string; file: string }[]
}

export function contentsOf({ files, snapshots, only }: Pick<RestoreInput, 'files' | 'snapshots' | 'only'>): Contents {
  const databases = new Map<string, Database>()
  const objects = new Map<string, Contents['objects'][number]>()
  const others = new Map<string, Contents['files'][number]>()
  const extents = new Map<string, LogExtent>()
  for (const file of files) {
    const { path } = file.attributes
    if (file.role === 'log') {
      const extent = extentOf(file)
      const key = `${extent.logId} ${extent.number}`
      if (extent.closed || !extents.get(key)?.closed) extents.set(key, extent)
    } else if (path === undefined) continue
    else if (file.role === 'database') databases.set(path, databaseOf(path, file))
    else if (file.role === 'data') objects.set(path, { path, file: file.name, size: file.size })
    else others.set(path, { path, file: file.name })
  }
  const removed = removedIn(snapshots.at(-1)?.units.find(entry => entry.unit === unit)?.info)
  // Who names a single one by its whole name wants that one.
  const isWanted = ({ path, file }: Database) =>
    !removed.has(pathKey(path)) || (only !== undefined && endsWith(file, only))
  const all = [...databases.values()]
  return {
    databases: all.filter(isWanted),
    removed: all.filter(database => !isWanted(database)),
    extents: [...extents.values()].sort((a, b) => a.number - b.number),
    objects: [...objects.values()],
    files: [...others.values()],
  }
}

/** Files lie in the folder of their snapshot. */
function endsWith(file: string, name: string): boolean {
  return file === name || file.endsWith(`/${name}`)
}

function databaseOf(path: string, { name, size, attributes }: File): Database {
  return {
    path,
    file: name,
    size,
    logged: attributes.logged === 'true',
    logId: attributes.logId ?? '',
    firstExtent: Number(attributes.firstExtent),
  }
}

function extentOf({ name, attributes }: File): LogExtent {
  return {
    file: name,
    logId: attributes.logId!,
    number: Number(attributes.number),
    closed: attributes.closed === 'true',
  }
}
