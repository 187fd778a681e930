import type { RestoreInput } from '../../engine.ts'

type File = RestoreInput['files'][number]

/** A database as it was backed up last. */
export interface Database {
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
  /** In order; of one that was backed up while it was written and then whole, the whole one. */
  extents: LogExtent[]
  objects: { path: string; file: string; size: number }[]
  /** Files of the data directory that are no databases, notes.ini among them. */
  files: { path: string; file: string }[]
}

export function contentsOf({ files }: Pick<RestoreInput, 'files'>): Contents {
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
  return {
    databases: [...databases.values()],
    extents: [...extents.values()].sort((a, b) => a.number - b.number),
    objects: [...objects.values()],
    files: [...others.values()],
  }
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
